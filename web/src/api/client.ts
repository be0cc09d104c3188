/** A thin client of /api/v1: the session cookie goes along, and a refusal is a value, not an exception. */

export interface Problem {
  /** HTTP status; 0 when the server was not reached. */
  status: number;
  code: string;
  title: string;
  detail: string;
  reference: string;
  errors: { field?: string; message?: string }[];
  /** All members of the answer, for codes that carry more. */
  body: Record<string, unknown>;
}

export type Result<T> = { ok: true; data: T } | { ok: false; problem: Problem };

export type Query = Record<string, string | number | boolean | undefined>;

export interface Options {
  query?: Query;
  body?: unknown;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const base = "/api/v1";

/** A refusal as an exception, for places that only know exceptions (the query cache). */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

/** What is wrong with one field of what was sent. */
export function fieldError(problem: Problem | undefined, field: string): string | undefined {
  return problem?.errors.find((error) => error.field === field || error.field === `body.${field}`)?.message;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { status: 0, code: "unexpected", title: detail, detail, reference: "", errors: [], body: {} };
}

export function address(path: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return base + path + (text ? `?${text}` : "");
}

async function readProblem(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const text = (key: string) => (typeof body[key] === "string" ? (body[key] as string) : "");
  return {
    status: response.status,
    code: text("code") || `http_${response.status}`,
    title: text("title") || response.statusText,
    detail: text("detail"),
    reference: text("reference") || (response.headers.get("X-Request-Id") ?? ""),
    errors: Array.isArray(body.errors) ? (body.errors as Problem["errors"]) : [],
    body,
  };
}

function unreachable(): Problem {
  const detail = "The server could not be reached. Nothing was changed; try again when you are connected.";
  return { status: 0, code: "offline", title: "No connection", detail, reference: "", errors: [], body: {} };
}

export async function call<T>(method: Method, path: string, options: Options = {}): Promise<Result<T>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
  let response: Response;
  try {
    response = await fetch(address(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    return { ok: false, problem: unreachable() };
  }
  if (!response.ok) return { ok: false, problem: await readProblem(response) };
  if (response.status === 204) return { ok: true, data: undefined as T };
  const text = await response.text();
  return { ok: true, data: (text ? JSON.parse(text) : undefined) as T };
}

/** The data, or the refusal thrown. */
export async function must<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const result = await call<T>(method, path, options);
  if (!result.ok) throw new ProblemError(result.problem);
  return result.data;
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  must<T>("GET", path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) });
