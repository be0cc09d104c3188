import { Fragment, type ReactNode } from "react";

const pattern = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])|(\+\d[\d ()-]{6,18}\d)/g;

/** Text with its addresses as links and its numbers kept left to right. */
export function Rich({ text, mark }: { text: string; mark?: string | undefined }): ReactNode {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) parts.push(<Marked key={at} text={text.slice(at, match.index)} mark={mark} />);
    const [found, url] = match;
    parts.push(
      url ? (
        <a key={match.index} href={url} target="_blank" rel="noreferrer noopener">
          {found}
        </a>
      ) : (
        <bdi key={match.index} dir="ltr">
          {found}
        </bdi>
      ),
    );
    at = match.index + found.length;
  }
  if (at < text.length) parts.push(<Marked key={at} text={text.slice(at)} mark={mark} />);
  return parts;
}

function Marked({ text, mark }: { text: string; mark?: string | undefined }) {
  if (!mark) return text;
  const pieces: ReactNode[] = [];
  const low = text.toLowerCase();
  const wanted = mark.toLowerCase();
  let at = 0;
  for (let found = low.indexOf(wanted); found >= 0; found = low.indexOf(wanted, at)) {
    pieces.push(<Fragment key={at}>{text.slice(at, found)}</Fragment>);
    at = found + wanted.length;
    pieces.push(
      <mark key={`m${found}`} className="rounded-[2px] bg-mark text-inherit">
        {text.slice(found, at)}
      </mark>,
    );
  }
  pieces.push(<Fragment key="end">{text.slice(at)}</Fragment>);
  return pieces;
}
