import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { qrCode } from "./qr";

// Drawn by an independent encoder (npm qrcode 1.5): "parley", version 1, level M, mask 2.
const parley = `
#######..##...#######
#.....#....##.#.....#
#.###.#.##.#..#.###.#
#.###.#.####..#.###.#
#.###.#.##.##.#.###.#
#.....#.#.#.#.#.....#
#######.#.#.#.#######
........#####........
#.#####.....#.#####..
.#.###.#.#..#..#..#.#
##.#..####.#.#..####.
.##.##.####....####..
.######..###.#..##...
........#..#####..###
#######..##.#.##...#.
#.....#.#.#####..##.#
#.###.#.#...#..##..#.
#.###.#.#...#...##...
#.###.#.##.#.#....#..
#.....#..........##..
#######.####.#.....#.
`;

describe("QR codes", () => {
  it("agree with an independent encoder, smallest version", () => {
    const drawn = qrCode("parley", 2).map((row) => row.map((dark) => (dark ? "#" : ".")).join(""));
    expect(drawn).toEqual(parley.trim().split("\n"));
  });
  it("agree with an independent encoder, largest version with version bits and uneven blocks", () => {
    const bits = qrCode("z".repeat(200), 5).flat().map((dark) => (dark ? 1 : 0)).join("");
    expect(createHash("sha256").update(bits).digest("hex")).toBe("05bd6a2f26edd9e5c1bb2e91fd058ca6e81220a1b969116dd1808088142e12ca");
  });
  it("grow with the text and refuse what does not fit", () => {
    expect(qrCode("a")).toHaveLength(21);
    expect(qrCode("a".repeat(100))).toHaveLength(41);
    expect(() => qrCode("a".repeat(214))).toThrow(RangeError);
  });
});
