import CSQLite
import CSensors
import CUdev
import Subprocess
import ServiceLifecycle
import Transfer
