/** What this browser remembers for a person. A full or forbidden storage never breaks the screen. */

export function recall<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`parley.${key}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(`parley.${key}`);
    else localStorage.setItem(`parley.${key}`, JSON.stringify(value));
  } catch {
    // Private windows may refuse; the value then lives as long as the tab.
  }
}

export function remembered(prefix: string): string[] {
  const start = `parley.${prefix}`;
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(start))
      .map((key) => key.slice("parley.".length));
  } catch {
    return [];
  }
}
