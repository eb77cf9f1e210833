/**
 * Id of the container that a cgroup belongs to, told by the path alone, or null.
 *
 * Known: docker, containerd, CRI-O, podman and Kubernetes pods, with both cgroup drivers (`/docker/ID`,
 * `/kubepods/…/podUID/ID`, `…/docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, `libpod-ID.scope`), and
 * `/lxc/NAME`, `machine-NAME.scope` of systemd-nspawn. The innermost container of nested ones is answered. A path is
 * chosen by whoever may create cgroups: the id is a name to show, no proof.
 */
export function containerId(path: string): string | null {
  for (const part of path.split("/").reverse()) {
    const hex = /^(?:(?:docker|cri-containerd|containerd|crio|libpod|nerdctl)-)?([0-9a-f]{64})(?:\.scope)?$/.exec(part);
    if (hex !== null) return hex[1];
  }
  const lxc = /(?:^|\/)lxc(?:\.payload)?[./]([^/]+)/.exec(path);
  if (lxc !== null) return lxc[1];
  const machine = /(?:^|\/)machine-([^/]+)\.scope(?:\/|$)/.exec(path);
  return machine === null ? null : machine[1];
}

/** UID of the Kubernetes pod that a cgroup belongs to, or null. */
export function podUid(path: string): string | null {
  const m =
    /(?:^|[/-])pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?=\.slice|\/|$)/
      .exec(path);
  return m === null ? null : m[1].replaceAll("_", "-");
}
