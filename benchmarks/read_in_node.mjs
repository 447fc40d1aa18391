// Read pictures with the static page's modules in Node: node read_in_node.mjs SITE FOLDER
//
// SITE holds the modules and an exported network. FOLDER holds the pictures; see read_pictures.js.
// Prints one JSON object.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [site, folder] = process.argv.slice(2).map((path) => resolve(path));
const load = (name) => import(pathToFileURL(join(site, name)).href);
const filesOf = (place) => async (name) => {
  const { buffer, byteOffset, length } = readFileSync(join(place, name));
  return buffer.slice(byteOffset, byteOffset + length);
};

const { readPictures } = await load("read_pictures.js");
const found = await readPictures({ load, site: filesOf(site), folder: filesOf(folder) });
console.log(JSON.stringify(found));
