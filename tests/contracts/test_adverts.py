# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What every driver of the port ``Advert`` must do, wherever it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from appliance.config import load
from appliance.drivers.advert_zeroconf import ZeroconfAdvert
from appliance.drivers.simulated import SimulatedAdvert
from appliance.ports import Advert

DRIVERS: dict[str, Callable[[], Advert]] = {
    "zeroconf": ZeroconfAdvert,
    "zeroconf with no network": lambda: ZeroconfAdvert(look=dict),
    "simulated": SimulatedAdvert,
}


@pytest.fixture(params=list(DRIVERS))
def advert(request: pytest.FixtureRequest) -> Iterator[Advert]:
    made = DRIVERS[request.param]()
    yield made
    made.stop()


def test_publishes_under_the_name_or_the_next_free_one(advert: Advert) -> None:
    taken = advert.start("Cartable-Essai", 8080)
    assert taken.startswith("cartable-essai")
    assert taken.endswith(".local")


def test_stop_withdraws_everything(advert: Advert) -> None:
    advert.start("cartable-essai", 8080)
    advert.stop()
    assert list(advert.addresses()) == []
    assert not [thread for thread in threading.enumerate() if thread.name == "advert"]


def test_stop_twice_or_before_start_is_harmless(advert: Advert) -> None:
    advert.stop()
    advert.start("cartable-essai", 8080)
    advert.stop()
    advert.stop()


def test_starts_again(advert: Advert) -> None:
    first = advert.start("cartable-essai", 8080)
    advert.stop()
    assert advert.start("cartable-essai", 8080) == first


def test_addresses_are_no_loopback(advert: Advert) -> None:
    advert.start("cartable-essai", 8080)
    assert not [address for address in advert.addresses() if address.startswith("127.") or address == "::1"]


def test_the_simulated_one_knows_names_of_other_boxes() -> None:
    advert = SimulatedAdvert(taken=["cartable", "cartable-2"])
    assert advert.start("cartable", 80) == "cartable-3.local"
    assert list(advert.addresses()) == ["192.0.2.1"]


@pytest.mark.parametrize("name", ["zeroconf", "simulated"])
def test_each_is_chosen_by_name(name: str) -> None:
    from appliance import box

    assert (
        type(box.advert(load([], {"drivers": {"advert": name}})))
        is {
            "zeroconf": ZeroconfAdvert,
            "simulated": SimulatedAdvert,
        }[name]
    )
