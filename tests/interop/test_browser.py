"""The page of `adcompile explain` in a headless Chromium."""

import json

import numpy as np
import pytest

from adcompile import grad
from tests.interop import browser

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(browser.found() is None, reason="no Chromium is installed (Debian: chromium)"),
]


def heat(u0, k, steps):
    u = u0.copy()
    new = np.empty_like(u)
    for _ in range(steps):
        new[0] = u[0]
        new[-1] = u[-1]
        for i in range(1, u.shape[0] - 1):
            new[i] = u[i] + k * (u[i - 1] - 2 * u[i] + u[i + 1]) * np.exp(-(u[i] ** 2))
        u, new = new, u
    return np.sum(u**2)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    path = folder / "page.html"
    path.write_text(grad(heat, jit=False).explain(np.linspace(0.0, 1.0, 6), 0.1, 3).html(), encoding="utf-8")
    with browser.opened(folder / "profile", height=2000) as opened:  # all lines are in sight: the mouse goes to them
        opened.open(path.as_uri())
        yield opened


def lines(page, text):
    """The lines that hold a text: their place, side and group, and whether they are lit."""
    return json.loads(
        page.value(f"""JSON.stringify([...document.querySelectorAll(".l")]
            .filter((line) => line.textContent.includes({json.dumps(text)}))
            .map((line) => {{
                const box = line.querySelector("code").getBoundingClientRect();
                const shown = getComputedStyle(line);
                return {{
                    x: box.x + 20, y: box.y + box.height / 2, group: line.dataset.g,
                    side: line.closest("section").getAttribute("aria-label"),
                    lit: shown.backgroundColor !== "rgba(0, 0, 0, 0)",
                }};
            }}))""")
    )


def lit(page):
    """The texts of the lines that are lit, on either side."""
    return page.value("""[...document.querySelectorAll(".l")]
        .filter((line) => getComputedStyle(line).backgroundColor !== "rgba(0, 0, 0, 0)")
        .map((line) => line.querySelector("code").textContent.trim())""")


def test_pointing_at_a_line_lights_its_partners_and_no_other(page):
    page.point(1, 1)
    assert lit(page) == []
    (swap,) = (line for line in lines(page, "u, new = new, u") if line["side"] == "the function")
    page.point(swap["x"], swap["y"])
    assert lit(page) == [
        "u, new = new, u", "u_tape = np.empty((max(steps, 0), u0.shape[0]))", "for i in range(u0.shape[0]):",
        "u_tape[_, i] = u[i]", "u, new = new, u",
        "for i in range(u0.shape[0]):", "# u, new = new, u", "u[i] = u_tape[_, i]", "v_bar = u0_bar[i]",
        "u0_bar[i] = new_bar[i]", "new_bar[i] = v_bar",
    ]  # fmt: skip
    (back,) = lines(page, "e_bar = ")
    page.point(back["x"], back["y"])
    assert "new[i] = u[i] + k * (u[i - 1] - 2 * u[i] + u[i + 1]) * np.exp(-(u[i] ** 2))" in lit(page)
    assert "e_tape[_, i - 1] = e" in lit(page)
    page.point(1, 1)
    assert lit(page) == []


def test_a_chosen_line_stays_lit_until_it_is_chosen_again(page):
    (line,) = lines(page, "new[0] = u[0]")[:1]
    page.point(line["x"], line["y"], click=True)
    page.point(1, 1)
    page.value("document.activeElement.blur()")
    assert lit(page)[:2] == ["new[0] = u[0]", "new[0] = u[0]"]
    page.point(line["x"], line["y"], click=True)
    page.point(1, 1)
    page.value("document.activeElement.blur()")
    assert lit(page) == []


def test_the_keyboard_reaches_lines(page):
    page.value("document.activeElement.blur()")
    page.value('document.querySelector(".l[data-g]").focus()')
    heads = ["def heat(u0, k, steps):", "def heat_grad(u0, k, steps):"]
    assert lit(page) == [*heads, "u0_bar = np.empty_like(u0)", "return u0_bar"]
    page.press("Tab", 9)
    assert lit(page) == ["u = u0.copy()", "u = u0.copy()"]
    page.press("Enter", 13)
    page.value("document.activeElement.blur()")
    assert lit(page) == ["u = u0.copy()", "u = u0.copy()"]
    page.value('document.querySelectorAll(".chosen").forEach((line) => line.classList.remove("chosen"))')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_in_light_and_in_dark(page, scheme):
    """The contrast of every word with what is behind it, lit or not, is 4.5 at least (WCAG 2, AA)."""
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    least = page.value("""(() => {
        const luminance = (text) => {
            const parts = text.match(/[\\d.]+/g).slice(0, 3).map((c) => c / 255)
                .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
        };
        const root = document.querySelector(".adx");
        const probe = document.createElement("p");
        root.append(probe);
        const behind = ["var(--paper)", "var(--lit)"].map((colour) => {
            probe.style.color = colour;
            return luminance(getComputedStyle(probe).color);
        });
        probe.remove();
        let worst = [99, ""];
        for (const word of root.querySelectorAll(".l span, .l i, .l code")) {
            const own = luminance(getComputedStyle(word).color);
            for (const paper of behind) {
                const ratio = (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05);
                if (ratio < worst[0]) worst = [ratio, word.className + " " + word.textContent];
            }
        }
        return worst;
    })()""")
    assert least[0] >= 4.5, least


def test_it_asks_for_nothing_and_complains_of_nothing(page):
    asked = [e["params"]["request"]["url"] for e in page.events if e.get("method") == "Network.requestWillBeSent"]
    assert all(url.startswith("file:") for url in asked), asked
    assert len(asked) == 1
    assert [e for e in page.events if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")] == []
    assert page.picture().startswith(b"\x89PNG")


def test_it_fits_a_narrow_screen(page):
    page.call("Emulation.setDeviceMetricsOverride", width=420, height=800, deviceScaleFactor=1, mobile=True)
    try:
        assert page.value("document.documentElement.scrollWidth") <= 420
    finally:
        page.call("Emulation.clearDeviceMetricsOverride")
