// Where the clients are pointed: as the Python tests have it, who start these.

import { describe } from "node:test";

const places = JSON.parse(process.env.NEUROROUTE_PLACES);

/** Runs the tests at each place; `sameWire`: only where no language is translated. */
export function everywhere(title, tests, { sameWire = false } = {}) {
  for (const place of places) {
    if (sameWire && place.name === "crossed") continue;
    describe(`${title}, ${place.name}`, () => tests(place));
  }
}

/** What the simulated provider has counted. */
export async function counted(place, persona, what) {
  const stats = await (await fetch(place.stats)).json();
  return stats[persona][what] ?? 0;
}

/** Waits until it holds, for at most five seconds. */
export async function eventually(holds) {
  for (const began = Date.now(); Date.now() - began < 5000; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it did not come about");
}

export const user = (content) => [{ role: "user", content }];
