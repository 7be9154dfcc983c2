"""Where a host is and how it wants to be called: URL, key, headers, oddities. Provider names live here, in profiles and in wire only."""
