"""The pages about the data lead to everything that was written, and only to that."""

from __future__ import annotations

import re
from pathlib import Path

from config import load_config
from config.paths import Home
from orchestration.docs import write_front_page
from orchestration.runtime import Runtime


def test_the_front_page_leads_to_models_and_landing_suites(tmp_path: Path) -> None:
    runtime = Runtime(load_config(), Home(tmp_path))
    assert "Nothing was read yet" in write_front_page(runtime).read_text()
    for page in ("models/index.html", "landing/kantata_group/index.html", "landing/acme_crm/index.html"):
        (runtime.home.docs / page).parent.mkdir(parents=True)
        (runtime.home.docs / page).write_text("<html></html>")
    links = re.findall(r'href="([^"]+)"', write_front_page(runtime).read_text())
    assert links == ["models/index.html", "landing/acme_crm/index.html", "landing/kantata_group/index.html"]
    assert all((runtime.home.docs / link).exists() for link in links)


def test_data_docs_lie_in_the_folder_that_is_served(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.data_docs.is_relative_to(home.docs)
    assert home.docs != home.root, "the home holds the warehouse and the ledger"
