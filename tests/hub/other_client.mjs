// Use npm's @huggingface/hub with the loopback Hub: download what the Python client published,
// publish a repository, and print the hashes of the contents as JSON.
//   node other_client.mjs HUB TOKEN REPO COMMIT     with the package below the working directory
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const client = createRequire(`${process.cwd()}/`)("@huggingface/hub");
const [hubUrl, accessToken, repo, revision] = process.argv.slice(2);
const own = { type: "model", name: "user/other-client" };
const common = { hubUrl, accessToken };

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function contents(repo, revision) {
  const found = {};
  for await (const file of client.listFiles({ ...common, repo, revision, recursive: true })) {
    const blob = await client.downloadFile({ ...common, repo, revision, path: file.path });
    found[file.path] = sha256(new Uint8Array(await blob.arrayBuffer()));
  }
  return found;
}

const read = await contents(repo, revision);
await client.createRepo({ ...common, repo: own });
const files = ["config.json", "model.weights.h5"].map((path) => ({
  path,
  content: new Blob([`from another client: ${path}`]),
}));
const { commit } = await client.uploadFiles({
  ...common, repo: own, files, commitTitle: "Publish by another client", useXet: false,
});
const { sha } = await client.modelInfo({ ...common, name: own.name, additionalFields: ["sha"] });
console.log(JSON.stringify({ read, commit: commit.oid, sha, own: await contents(own, sha) }));
