import assert from "node:assert/strict";
import { containerId, podUid } from "./container_id.ts";

const ID = "0123456789abcdef".repeat(4);
const POD = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

for (
  const [what, path] of [
    ["docker, cgroupfs", `/docker/${ID}`],
    ["docker, systemd", `/system.slice/docker-${ID}.scope`],
    ["docker in docker, the inner", `/docker/${"f".repeat(64)}/docker/${ID}`],
    ["docker, a cgroup inside", `/system.slice/docker-${ID}.scope/init.scope`],
    ["containerd without Kubernetes", `/default/${ID}`],
    ["nerdctl", `/system.slice/nerdctl-${ID}.scope`],
    ["podman", `/machine.slice/libpod-${ID}.scope/container`],
    ["podman, rootless", `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`],
    [
      "Kubernetes, containerd, systemd",
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${
        POD.replaceAll("-", "_")
      }.slice/cri-containerd-${ID}.scope`,
    ],
    ["Kubernetes, CRI-O", `/kubepods.slice/kubepods-pod${POD.replaceAll("-", "_")}.slice/crio-${ID}.scope`],
    ["Kubernetes, cgroupfs", `/kubepods/besteffort/pod${POD}/${ID}`],
    ["seen from another cgroup namespace", `/../${ID}`],
  ] as const
) {
  Deno.test(`containerId() knows ${what}`, () => assert.equal(containerId(path), ID));
}

Deno.test("containerId() knows LXC and nspawn by their names", () => {
  assert.equal(containerId("/lxc/web/init.scope"), "web");
  assert.equal(containerId("/lxc.payload.web/system.slice"), "web");
  assert.equal(containerId("/machine.slice/machine-debian.scope/x"), "debian");
});

Deno.test("containerId() takes nothing else for a container", () => {
  for (
    const path of [
      "/",
      "/system.slice/ssh.service",
      "/docker",
      `/docker/${ID}0`,
      "/user.slice/user-1000.slice",
      `/x-${ID}`,
      "",
    ]
  ) {
    assert.equal(containerId(path), null, path);
  }
});

Deno.test("podUid() reads both cgroup drivers and static pods", () => {
  assert.equal(podUid(`/kubepods/besteffort/pod${POD}/${ID}`), POD);
  assert.equal(podUid(`/kubepods.slice/kubepods-pod${POD.replaceAll("-", "_")}.slice/crio-${ID}.scope`), POD);
  assert.equal(podUid(`/kubepods/burstable/pod${"0a".repeat(16)}/x`), "0a".repeat(16));
  assert.equal(podUid("/system.slice/podman.service"), null);
});
