// First run: before anybody set the server up, every address shows the setup; afterwards it cannot be done again.
import { axe } from "./axe.mjs";

export default async function firstRun({ test, expect }) {
  for (const path of ["/", "/login", "/c/1", "/settings/team"]) {
    await test(`T01 ${path} before the setup shows the setup and no sign-in`, async (desk) => {
      const page = await desk.atEmpty();
      await page.goto(path);
      await page.getByRole("heading", { name: "Set up Parley" }).waitFor();
      expect.equal(await page.getByRole("button", { name: "Sign in" }).count(), 0);
    });
  }
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1280]) {
      await test(`T24 the setup has no accessibility violation, ${colorScheme}, ${width} px`, async (desk) => {
        const page = await desk.atEmpty({ colorScheme, viewport: { width, height: 800 } });
        await page.goto("/");
        await page.getByRole("heading", { name: "Set up Parley" }).waitFor();
        expect.deepEqual(await axe(page), []);
      });
    }
  }
  await test("T01 one page sets the server up, signs in, and is not offered again", async (desk) => {
    const page = await desk.atEmpty();
    await page.goto("/");
    await page.getByLabel("Name of the brand").fill("Fashion Era");
    await page.getByLabel("Your name").fill("Ana Costa");
    await page.getByLabel("Your e-mail").fill("ana@fashion-era.example");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Connect a number" }).click();
    await page.getByText("Use at least 10 characters.").waitFor();
    await page.getByLabel("Password").fill("a password for stories");
    await page.getByRole("button", { name: "Connect a number" }).click();
    await page.waitForURL("**/settings/channels");
    await page.getByRole("heading", { name: "Channels" }).first().waitFor();
    const body = { workspace: "Other", name: "Eve", email: "eve@example.com", password: "a password for stories", country: "IT", timezone: "Europe/Rome", currency: "EUR", demo: false };
    const again = await page.request.post("/api/v1/setup", { data: body });
    expect.ok(again.status() >= 400 && again.status() < 500, `a second setup is refused, not ${again.status()}`);

    const visitor = await desk.atEmpty();
    await visitor.goto("/c/1");
    await visitor.getByRole("heading", { name: "Sign in" }).waitFor();
    expect.deepEqual(await axe(visitor), []);
    await visitor.getByLabel("E-mail").fill("ana@fashion-era.example");
    await visitor.getByLabel("Password").fill("not her password");
    await visitor.getByRole("button", { name: "Sign in" }).click();
    await visitor.getByRole("alert").first().waitFor();
    await visitor.getByLabel("Password").fill("a password for stories");
    await visitor.getByRole("button", { name: "Sign in" }).click();
    await visitor.getByRole("heading", { name: "Sign in" }).waitFor({ state: "detached" });
  });
}
