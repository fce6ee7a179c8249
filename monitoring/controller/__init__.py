"""The drift controller: one small process that adds up what all gateways counted, and says when it moved away from the reference.

It asks Prometheus for raw samples (`prometheus`, `source`), makes exact increases of them (`increases`), feeds the detectors of each
site and version (`watch`), keeps everything on disk (`state_file`) and shows what it found as metrics (`metrics`). A person signs a
site's own profile (`site_profile`) and takes up an alarm (`restarts`) through files beside the state.
"""
