package browsertest

import (
	"candor/internal/lint"
)

// colours works out the contrast of a text against what is painted behind it.
const colours = `
	const pixel = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const rgb = (colours) => {
		pixel.clearRect(0, 0, 1, 1);
		for (const c of colours) { pixel.fillStyle = c; pixel.fillRect(0, 0, 1, 1); }
		return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
	};
	const light = (c) => {
		const [r, g, b] = c.map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
	const behind = (e) => {
		const out = [];
		for (; e; e = e.parentElement) out.unshift(getComputedStyle(e).backgroundColor);
		return ["white", ...out];
	};
	const contrastOf = (e) => contrast(rgb([...behind(e), getComputedStyle(e).color]), rgb(behind(e)));
`

// measure reads each control as it is drawn: its size, its letters, and the
// contrast of its text.
const measure = `(() => {` + colours + `
	return [...document.querySelectorAll("main :is(button, a.button, input[type=checkbox])")].map(e => {
		const box = e.getBoundingClientRect(), style = getComputedStyle(e);
		const drawn = e.checkVisibility({opacityProperty: true, visibilityProperty: true});
		const role = e.closest("form")?.action.endsWith("/stop") ? "stop_all" : e.dataset.role ?? "extra";
		return {
			Role: role, Type: e.matches("input") ? "checkbox" : "button", Label: e.textContent.trim(), Purpose: e.dataset.purpose ?? "",
			Default: e.matches(":checked"), Required: e.matches(":required"), Layer: e.closest("details:not([open]), dialog:not([open])") ? 2 : 1,
			AreaPx: drawn ? box.width * box.height : 0, FontPx: parseFloat(style.fontSize),
			Contrast: contrastOf(e),
		};
	});
})()`

// Palest gives the least contrast of the elements that a selector finds.
func (tab *Tab) Palest(selector string) float64 {
	tab.t.Helper()
	return Eval[float64](tab, `(() => {`+colours+`
	return Math.min(...[...document.querySelectorAll("`+selector+`")].map(contrastOf)); })()`)
}

// Controls gives what a reader of the page can press or tick, as drawn, for the
// rules on deceptive patterns. A form that posts to ".../stop" stops
// everything; other roles are told by data-role.
func (tab *Tab) Controls() []lint.Control {
	tab.t.Helper()
	return Eval[[]lint.Control](tab, measure)
}
