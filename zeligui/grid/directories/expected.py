"""Which attributes hold a number or a time: a value that reads as none is wrong there, not a text."""

from __future__ import annotations

import math

from zeligui.grid.directories.values import known, seconds
from zeligui.grid.table import number_in

NUMBERS = frozenset(
    """mds-cpu-total-free-1minx100 mds-cpu-free-1minx100 mds-cpu-total-count mds-cpu-smp-size mds-cpu-speedmhz
    mds-memory-ram-total-sizemb mds-memory-ram-sizemb mds-memory-ram-total-freemb mds-memory-ram-freemb
    mds-memory-vm-total-freemb mds-memory-vm-freemb mds-fs-total-freemb mds-fs-total-sizemb
    gluehostarchitecturesmpsize gluehostprocessorclockspeed gluehostmainmemoryramsize gluehostmainmemoryramavailable
    gluehostprocessorloadlast1min gluehostprocessorloadlast5min gluehostprocessorloadlast15min
    gluehostsmploadlast1min gluehostsmploadlast5min gluehostsmploadlast15min
    gluesubclusterphysicalcpus gluesubclusterlogicalcpus glueceinfototalcpus
    gluecestatefreejobslots gluecestatefreecpus gluecestateestimatedresponsetime gluecestatewaitingjobs
    glue2executionenvironmentlogicalcpus glue2executionenvironmenttotalinstances glue2entityvalidity
    glue2executionenvironmentcpuclockspeed glue2executionenvironmentmainmemorysize
    glue2computingsharefreeslots glue2computingshareestimatedaveragewaitingtime glue2computingsharewaitingjobs
    measurement availablecpu currentcpu freememory freedisk bandwidthtcp latencytcp connecttimetcp""".split()
)
TIMES = frozenset({"mds-validfrom", "mds-validto", "mds-keepto", "glue2entitycreationtime"})


def is_expected(attribute: str, text: str) -> bool:
    """Whether a text reads as what an attribute (in small letters) holds, or as one of the words for unknown."""
    if attribute in NUMBERS:
        return not math.isnan(number_in(text)) or known(attribute, text) is None
    if attribute in TIMES:
        return seconds((text,)) is not None or known(attribute, text) is None
    return True
