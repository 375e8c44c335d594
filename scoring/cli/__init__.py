"""Commands on records, parties and scores; the root command mounts them one by one."""
