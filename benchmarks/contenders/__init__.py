"""The servers that artqr-mock is compared with: one file each, and a row of `CONTENDERS`."""

from benchmarks.contenders import moto, mountebank, nginx, prism, wiremock
from benchmarks.contenders.contender import Contender

CONTENDERS: tuple[Contender, ...] = (
    mountebank.MOUNTEBANK, prism.PRISM, wiremock.WIREMOCK, moto.MOTO, nginx.NGINX,
)  # fmt: skip
