// The project's variables and secrets.

import { host } from "./host.js";

export const get = (name, fallback) => host.vars.get(name) ?? fallback;
export const names = () => host.vars.names();
