"""`edgemeter agent`: takes jobs from a server, measures them on this machine, and reports.

`machine` decides and does nothing; `shell` does and decides nothing. What measures runs in a worker
process of its own (`worker`), so that the daemon stays small and can end a measurement at once.
"""
