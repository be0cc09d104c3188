// What anybody meets at the door, before a session: setup or sign-in, by no other host, without faults.
export default async function door({ test, open, axe, expect }) {
  for (const path of ["/", "/inbox", "/c/1", "/settings/team"]) {
    await test(`${path} without a session shows setup or the sign-in, and asks no other host`, async () => {
      const { context, page, seen } = await open();
      await page.goto(path);
      await page.waitForSelector("h1");
      const title = await page.textContent("h1");
      expect.match(title ?? "", /Set up Parley|Sign in/);
      expect.deepEqual(seen, { errors: [], strangers: [] });
      await context.close();
    });
  }
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1280]) {
      await test(`the door has no accessibility violation, ${colorScheme}, ${width} px`, async () => {
        const { context, page } = await open({ colorScheme, viewport: { width, height: 800 } });
        await page.goto("/inbox");
        await page.waitForSelector("h1");
        expect.deepEqual(await axe(page), []);
        await context.close();
      });
    }
  }
}
