"""`./dev differential [count] [--seed S]`: Mooring and nginx read the same requests.

Small changes of sound requests go to both, each with a canary behind it. What counts is how many
messages were taken and whether the canary was. Where the two differ, reasons.py has to know why;
what it does not know is a failure, printed as it was sent.
"""

import argparse
import asyncio
import collections
import random
import secrets
import sys

import mutate
import peers
import reasons

AT_ONCE = 24
SHOWN = 10


async def compare(mooring, nginx, request):
    """None if both do the same, else the reason, or "" if nobody knows it."""
    ours, theirs = await asyncio.gather(peers.outcome(mooring, request),
                                        peers.outcome(nginx, request))
    if ours == theirs:
        return None, ours, theirs
    return reasons.reason(request, ours, theirs) or "", ours, theirs


async def compare_all(mooring, nginx, requests):
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(request):
        async with gate:
            return (request, *await compare(mooring, nginx, request))

    return await asyncio.gather(*[one(request) for request in requests])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=20_000)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    requests = list(dict.fromkeys(mutate.mutated(rng) for _ in range(options.count)))
    with peers.Mooring() as mooring, peers.Nginx() as nginx:
        found = asyncio.run(compare_all(mooring, nginx, requests))
    tally = collections.Counter(reason for _, reason, _, _ in found)
    unexplained = [one for one in found if one[1] == ""]
    print(f"differential: seed {options.seed}, {len(requests)} different requests of "
          f"{options.count}: {tally[None]} alike, {len(unexplained)} unexplained")
    for reason, count in sorted(tally.items(), key=lambda item: -item[1]):
        if reason:
            print(f"  {count:>6}  {reason}")
    for request, _, ours, theirs in unexplained[:SHOWN]:
        print(f"UNEXPLAINED {request!r}\n  (taken, canary): ours {ours}, nginx {theirs}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
