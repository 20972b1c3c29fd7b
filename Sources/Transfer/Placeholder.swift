import CCurl
import CZlib
