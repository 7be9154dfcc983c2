import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Button } from "@trunkline/kit/Button";
import { healthQuery } from "@/api/health";
import { useConnection } from "./useConnection";

/** One line above the page while a service is missing, or when a newer build is there. */
export function ServiceNotice(): React.JSX.Element | null {
  const connection = useConnection();
  const stale = useStalePage();
  if ("words" in connection) {
    return (
      <p
        role="status"
        data-notice={connection.state}
        className="flex-none bg-warn-soft px-4 py-1.5 text-ui text-ink print:hidden"
      >
        {connection.words}
      </p>
    );
  }
  if (!stale) return null;
  return (
    <div
      role="status"
      data-notice="stale"
      className="flex flex-none items-center gap-3 bg-accent-soft px-4 py-1 text-ui text-ink print:hidden"
    >
      <span>A newer version is ready. Reload when you like; your draft is kept.</span>
      <Button dense onClick={() => location.reload()}>
        Reload
      </Button>
    </div>
  );
}

/** Whether the server has a newer build than this page: it says another version, or a part of this build is gone. */
function useStalePage(): boolean {
  const { data: health } = useQuery(healthQuery);
  const [first, setFirst] = useState<string | null>(null);
  const [isGone, setGone] = useState(false);
  if (health !== undefined && first === null) setFirst(health.version);
  useEffect(() => {
    // Without a network every part is missing, which says nothing about the build.
    const gone = (): void => setGone((was) => was || navigator.onLine);
    window.addEventListener("vite:preloadError", gone);
    return () => window.removeEventListener("vite:preloadError", gone);
  }, []);
  return isGone || (first !== null && health !== undefined && health.version !== first);
}
