import { ImageOff } from "lucide-react";
import { safeLink } from "./links";

/** An image that a model points to is never loaded by itself: the request alone would tell its host about the reader. */
export function RemoteImage({ src, alt }: { src: string | undefined; alt: string | undefined }): React.JSX.Element {
  const link = safeLink(src);
  const name = alt === undefined || alt === "" ? "Image" : alt;
  return (
    <span className="remote-image">
      <ImageOff aria-hidden="true" size={16} strokeWidth={1.5} />
      <span>
        {name}, not loaded{link && ` from ${link.host}`}
      </span>
      {link && (
        <a href={link.href} target="_blank" rel="noopener noreferrer">
          Open
        </a>
      )}
    </span>
  );
}
