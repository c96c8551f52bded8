// Candor in the browser: an ask on a page of your own, and events.
//
//   import {Candor, defineAsk, defineFooter} from "https://privacy.shop.example/embed/candor.js"
//   defineAsk()
//   defineFooter()
//   new Candor({server: "https://privacy.shop.example", key: "browser key"}).track("Product Viewed", {family: "beans"})
//
//   <candor-ask server="https://privacy.shop.example" ask="signup"></candor-ask>
//   <candor-footer server="https://privacy.shop.example" market="US-CA"></candor-footer>
//
// The words, the control and the notice come from the charter, so they cannot
// differ from what is enforced. Yes and no look alike. Nothing is kept on the
// device but a "no". Who sends Global Privacy Control is not asked unless they
// open the question themselves.

/** gpc reports whether the browser sends Global Privacy Control. */
export const gpc = () => navigator.globalPrivacyControl === true

// The strings of the page's own consent tool, when there is one: IAB's APIs. They
// can only lower what may be done.
const heard = {tcf: "", gpp: ""}
const listen = () => {
	if (typeof window.__tcfapi === "function" && !listen.tcf) {
		listen.tcf = true
		window.__tcfapi("addEventListener", 2, (data, ok) => { if (ok && data?.eventStatus !== "cmpuishown") heard.tcf = data.tcString ?? "" })
	}
	if (typeof window.__gpp === "function") window.__gpp("ping", (data, ok) => { if (ok) heard.gpp = data?.gppString ?? "" })
	return heard
}

/** Candor sends events. The visitor's id lives as long as the page: it is not kept. */
export class Candor {
	#server
	#key
	#visitor = crypto.randomUUID()

	constructor({server, key}) {
		this.#server = server.replace(/\/$/, "")
		this.#key = key
	}

	/** track tells that something happened; it resolves to whether it was stored. */
	track(event, properties = {}) {
		return this.#send("track", {event, properties})
	}

	/** page tells that a page was opened, without its address. */
	page(name = "") {
		return this.#send("page", {name})
	}

	async #send(type, message) {
		const {tcf, gpp} = listen()
		const body = JSON.stringify({
			...message, ...(tcf || gpp ? {context: {consent: {tcString: tcf, gppString: gpp}}} : {}), type, writeKey: this.#key, anonymousId: this.#visitor,
			messageId: crypto.randomUUID(), timestamp: new Date().toISOString(),
		})
		try {
			// text/plain needs no preflight; the server reads the body whatever its type.
			const answer = await fetch(`${this.#server}/v1/${type}`, {
				method: "POST", body, headers: {"Content-Type": "text/plain"}, credentials: "omit", referrerPolicy: "no-referrer", keepalive: true,
			})
			return answer.ok
		} catch {
			return false
		}
	}
}

const sheet = `
	:host { display: block; color: inherit; font: inherit; }
	form { display: grid; gap: 1rem; max-inline-size: 34rem; }
	label { display: grid; gap: 0.3rem; font-weight: 600; }
	.agree { grid-template-columns: auto 1fr; gap: 0.75rem; font-weight: 400; align-items: start; }
	input[type=email] { font: inherit; color: inherit; background: transparent; padding: 0.6rem 0.75rem; border: 1px solid currentColor; border-radius: 0.4rem; min-block-size: 1.5rem; }
	input[type=checkbox] { inline-size: 1.35rem; block-size: 1.35rem; }
	.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; }
	button { font: inherit; font-weight: 600; color: inherit; background: transparent; border: 2px solid currentColor; border-radius: 0.4rem; padding: 0.6rem 1rem; min-block-size: 2.75rem; cursor: pointer; }
	button:hover { text-decoration: underline; }
	:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
	summary { cursor: pointer; padding-block: 0.4rem; }
	dl { display: grid; gap: 0.5rem; margin: 0; }
	dt { font-weight: 600; } dd { margin: 0; }
	a { color: inherit; }
	p { margin: 0; }
`

const element = (name, properties = {}, ...children) => {
	const e = Object.assign(document.createElement(name), properties)
	e.append(...children)
	return e
}

// A "no" is remembered for a year, and nothing else is.
const rest = 365 * 24 * 3600 * 1000
const said = {
	no: (ask) => Date.now() - Number(localStorage.getItem(`candor.no.${ask}`) ?? 0) < rest,
	remember: (ask) => localStorage.setItem(`candor.no.${ask}`, String(Date.now())),
	forget: (ask) => localStorage.removeItem(`candor.no.${ask}`),
}

class Ask extends HTMLElement {
	#ask
	#root = this.attachShadow({mode: "open"})

	async connectedCallback() {
		const style = new CSSStyleSheet()
		style.replaceSync(sheet)
		this.#root.adoptedStyleSheets = [style]
		const answer = await fetch(this.#url(), {credentials: "omit", referrerPolicy: "no-referrer"})
		if (!answer.ok) return
		this.#ask = await answer.json()
		this.lang = this.#ask.lang
		if (gpc() || said.no(this.#name())) this.#closed()
		else this.#open()
	}

	#name() { return this.getAttribute("ask") }

	#url() {
		const lang = this.closest("[lang]")?.lang ?? document.documentElement.lang
		return `${this.getAttribute("server").replace(/\/$/, "")}/embed/${encodeURIComponent(this.#name())}?lang=${encodeURIComponent(lang)}`
	}

	// closed asks nothing: the person may open the question.
	#closed() {
		const open = element("button", {type: "button", textContent: this.#ask.title})
		open.addEventListener("click", () => { this.#open(); this.#root.querySelector("input").focus() })
		this.#root.replaceChildren(open)
	}

	#open() {
		const t = this.#ask.texts
		if (this.#ask.hosted) { // how old somebody is, is asked on the server's own page
			this.#root.replaceChildren(element("p", {}, this.#ask.words), element("a", {href: this.#ask.hosted, textContent: this.#ask.title}))
			return
		}
		const email = element("input", {type: "email", name: "email", required: true, autocomplete: "email", maxLength: 254})
		const agree = element("input", {type: "checkbox", name: "agree", value: "yes"})
		const status = element("p", {role: "status"})
		const no = element("button", {type: "button", textContent: t.no})
		const send = element("button", {type: "submit", textContent: t.send})
		const form = element("form", {noValidate: false},
			element("label", {}, t.email, email),
			element("label", {className: "agree"}, agree, element("span", {textContent: this.#ask.words})),
			this.#before(),
			element("div", {className: "answers"}, send, no),
			status)
		no.addEventListener("click", () => { said.remember(this.#name()); this.#end(t.refused) })
		form.addEventListener("submit", async (event) => {
			event.preventDefault()
			status.textContent = ""
			const body = new URLSearchParams({email: email.value, agree: agree.checked ? "yes" : "", shown: this.#ask.shown, lang: this.#ask.lang, ...listen()})
			const answer = await fetch(this.#url(), {method: "POST", body, credentials: "omit", referrerPolicy: "no-referrer"}).catch(() => null)
			const reply = answer && await answer.json().catch(() => null)
			if (answer?.ok) { said.forget(this.#name()); this.#end(reply.text) }
			else status.textContent = reply?.text ?? t.failed
		})
		this.#root.replaceChildren(form)
	}

	// before is what must be known before deciding.
	#before() {
		const list = element("dl")
		for (const [what, text] of this.#ask.before) list.append(element("div", {}, element("dt", {textContent: what}), element("dd", {textContent: text})))
		const notice = element("a", {href: this.#ask.notice, target: "_blank", rel: "noopener", textContent: this.#ask.texts.notice})
		return element("details", {}, element("summary", {textContent: this.#ask.texts.before}), list, element("p", {}, notice))
	}

	#end(text) { this.#root.replaceChildren(element("p", {role: "status", tabIndex: -1, textContent: text})); this.#root.firstChild.focus() }
}

/** defineAsk makes <candor-ask> known to the page. */
export const defineAsk = () => { if (!customElements.get("candor-ask")) customElements.define("candor-ask", Ask) }

const foot = `
	:host { display: block; color: inherit; font: inherit; }
	div { display: flex; flex-wrap: wrap; gap: 0.5rem 1.25rem; align-items: center; }
	a { color: inherit; }
	label { display: inline-flex; gap: 0.4rem; align-items: center; }
	p { margin: 0; }
`

// Footer shows what the foot of every page has to: the notice, the choices, the
// links that California asks for, and that the browser's signal is honoured.
class Footer extends HTMLElement {
	#root = this.attachShadow({mode: "open"})

	async connectedCallback() {
		const style = new CSSStyleSheet()
		style.replaceSync(foot)
		this.#root.adoptedStyleSheets = [style]
		const lang = this.closest("[lang]")?.lang ?? document.documentElement.lang
		const query = new URLSearchParams({lang, market: this.getAttribute("market") ?? ""})
		const answer = await fetch(`${this.getAttribute("server").replace(/\/$/, "")}/embed/footer.json?${query}`, {credentials: "omit", referrerPolicy: "no-referrer"})
		if (!answer.ok) return
		const {links, signal, lang: spoken} = await answer.json()
		this.lang = spoken
		const row = element("div", {}, ...links.map(({text, url}) => element("a", {href: url, textContent: text})))
		this.#root.replaceChildren(row)
		if (!signal) return
		const off = element("input", {type: "checkbox", role: "switch", disabled: true})
		row.append(element("p", {role: "status", textContent: signal.text}), element("label", {}, off, `${signal.toggle}: ${signal.off}`))
	}
}

/** defineFooter makes <candor-footer> known to the page. */
export const defineFooter = () => { if (!customElements.get("candor-footer")) customElements.define("candor-footer", Footer) }
