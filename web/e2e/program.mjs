// The program under test: bin/parley on a free port of this machine, with a data folder that goes away with it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const binary = process.env.PARLEY ?? fileURLToPath(new URL("../../bin/parley", import.meta.url));
const patience = 90_000;

/** Resolves to the first match in what the program prints, or rejects with everything it printed. */
function printed(child, wanted) {
  return new Promise((resolve, reject) => {
    let all = "";
    const fail = (why) => reject(new Error(`${binary} ${why}\n${all}`));
    const timer = setTimeout(() => fail(`did not print ${wanted} within ${patience} ms`), patience);
    const take = (chunk) => {
      all += chunk;
      const found = wanted.exec(all);
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
}

async function start(command, wanted) {
  const data = mkdtempSync(join(tmpdir(), "parley-e2e-"));
  const args = [...command, "--data-dir", data, "--listen", "127.0.0.1:0"];
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, SETUP_CODE: undefined } });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(timer);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    return { found: await printed(child, wanted), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The demo; `open` signs in as its owner, once. */
export async function startDemo() {
  const { found, stop } = await start(["demo", "--no-browser", "--seed", "1"], /^Open\s+(\S+)/m);
  const open = found[1];
  return { open, origin: new URL(open).origin, stop };
}

/** A server that nobody has set up. */
export async function startEmpty() {
  const { found, stop } = await start(["serve"], /ready on (http\S+)/);
  return { origin: new URL(found[1]).origin, stop };
}
