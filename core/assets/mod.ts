/**
 * The one door to files that ship with us: from a checkout they are read beside the code, in the packed executable they
 * come out of its bundle.
 * @module
 */
export { assetBytes, assetList, assetText, workerUrl } from "./asset.ts";
export { type AssetBundle, BUNDLE_KEY } from "./bundle.ts";
