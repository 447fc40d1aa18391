// Load the network while the page's other modules are still on their way.

import { load } from "../reader.js";

export const loading = load("model.json");
loading.catch(() => {}); // page.js shows the error
