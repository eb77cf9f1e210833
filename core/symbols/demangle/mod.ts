/** Names of functions as their authors wrote them. @module */
export { demangle } from "./demangle.ts";
