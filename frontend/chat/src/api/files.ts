import { ApiError, errorBodyOf, localError } from "./errors";
import { CSRF_HEADER } from "./client";
import type { Attachment } from "./types";

/** Where a stored file is read. */
export const fileUrl = (id: string): string => `/api/files/${encodeURIComponent(id)}`;

/**
 * Stores a file. `onProgress` is told the part that has left, 0 to 1.
 * By XMLHttpRequest, because fetch cannot say how far an upload is. @throws ApiError
 */
export function uploadFile(file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<Attachment> {
  const { promise, resolve, reject } = Promise.withResolvers<Attachment>();
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append("file", file, file.name);
  request.open("POST", "/api/files");
  request.setRequestHeader(CSRF_HEADER, "1");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) onProgress(event.loaded / event.total);
  });
  request.addEventListener("load", () => {
    if (request.status < 400)
      resolve(request.response as Attachment); // the schema of this endpoint
    else reject(new ApiError(request.status, errorBodyOf(request.status, request.response)));
  });
  request.addEventListener("error", () =>
    reject(
      new ApiError(0, localError("gateway_down", `${file.name} could not be sent.`, "Try again when you are online.")),
    ),
  );
  signal.addEventListener("abort", () => request.abort(), { once: true });
  request.send(form);
  return promise;
}
