// What script adds to the pages of staff: a palette that jumps to any page.
// Without it, the same form is a page of its own.

const link = document.querySelector("[data-palette]");
let dialog;

function choices() {
  return [...dialog.querySelectorAll("li:not([hidden]) a")];
}

function choose(at) {
  const all = choices();
  all.forEach((a, i) => a.toggleAttribute("data-chosen", i === at));
  all[at]?.scrollIntoView({ block: "nearest" });
}

function chosen() {
  return choices().findIndex((a) => a.hasAttribute("data-chosen"));
}

function filter(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of dialog.querySelectorAll("li")) {
    const text = (item.textContent + " " + (item.dataset.words ?? "")).toLowerCase();
    item.hidden = !wanted.every((w) => text.includes(w));
  }
  choose(0);
}

function onKey(event) {
  const all = choices();
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    choose((chosen() + step + all.length) % Math.max(1, all.length));
  } else if (event.key === "Enter" && all[chosen()]) {
    event.preventDefault();
    location.href = all[chosen()].href;
  }
}

async function build() {
  const answer = await fetch(link.href, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.querySelector("form.palette");
  if (!answer.ok || !form) return false;
  dialog = document.createElement("dialog");
  dialog.className = "palette-dialog";
  dialog.setAttribute("aria-label", "Go to a page or a customer");
  dialog.append(document.adoptNode(form));
  document.body.append(dialog);
  const field = dialog.querySelector("input");
  field.addEventListener("input", () => filter(field.value));
  field.addEventListener("keydown", onKey);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return true;
}

async function open() {
  if (!dialog && !(await build())) {
    location.href = link.href;
    return;
  }
  const field = dialog.querySelector("input");
  field.value = "";
  filter("");
  dialog.showModal();
  field.focus();
}

if (link) {
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const wanted = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing);
    if (!wanted || dialog?.open) return;
    event.preventDefault();
    open();
  });
}

// A field whose id data-complete names is completed from the words beside it: Tab
// takes the first, and each can be pressed.
for (const list of document.querySelectorAll("[data-complete]")) {
  const field = document.getElementById(list.dataset.complete);
  const known = [...new Set(list.dataset.words.split("\n").filter(Boolean))];
  const typed = () => field.value.slice(0, field.selectionStart).match(/[\w."]*$/)[0];
  const take = (text) => {
    const at = field.selectionStart;
    field.setRangeText(text, at - typed().length, at, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  };
  const offer = () => {
    const word = typed().toLowerCase();
    const fits = word.length < 2 ? [] : known.filter((k) => k.toLowerCase().includes(word) && !field.value.includes(k)).slice(0, 6);
    list.replaceChildren(...fits.map((text) => {
      const b = document.createElement("button");
      b.type = "button";
      b.textContent = text;
      b.addEventListener("click", () => take(text));
      return b;
    }));
    list.hidden = fits.length === 0;
  };
  field.addEventListener("input", offer);
  field.addEventListener("keydown", (event) => {
    const first = list.querySelector("button");
    if (event.key !== "Tab" || event.shiftKey || list.hidden || !first) return;
    event.preventDefault();
    take(first.textContent);
  });
  field.addEventListener("blur", () => setTimeout(() => { list.hidden = list.hidden || !list.matches(":focus-within"); }, 200));
}

// A form with data-live asks again while it is being filled in, and puts the
// parts it names in place of the old ones. Without script it has a button.
for (const form of document.querySelectorAll("form[data-live]")) {
  const parts = form.dataset.live.split(" ");
  let waiting, asking;
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const url = form.action + "?" + new URLSearchParams(new FormData(form));
    for (const id of parts) document.getElementById(id)?.setAttribute("data-state", "old");
    try {
      const answer = await fetch(url, { credentials: "same-origin", signal: asking.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of parts) {
        const fresh = page.getElementById(id);
        if (fresh) document.getElementById(id).replaceWith(document.adoptNode(fresh));
      }
      history.replaceState(null, "", url);
    } catch (failure) {
      if (failure.name !== "AbortError") form.submit();
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 180);
  });
}

// fresh reads the page again and puts the parts with these ids in place of the old.
async function fresh(ids) {
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ids) {
    const part = page && page.getElementById(id);
    if (part) exchange(document.getElementById(id), document.adoptNode(part));
  }
}

// exchange puts a part in place of the old one. What had the focus keeps it.
function exchange(old, part) {
  if (!old || old.isEqualNode(part)) return;
  const held = old.contains(document.activeElement) && document.activeElement;
  const at = held ? [...old.querySelectorAll(held.tagName)].indexOf(held) : -1;
  const opened = [...old.querySelectorAll("details[id][open]")].map((d) => d.id);
  old.replaceWith(part);
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (at >= 0) part.querySelectorAll(held.tagName)[at]?.focus();
}

// A part with data-again asks for itself, and for the parts that data-with names,
// anew every so many seconds, until the answer no longer says so. Without script
// the page is read again by hand.
const withIt = (part) => [part.id, ...(part.dataset.with ?? "").split(" ")].filter(Boolean);
async function again(id) {
  const part = document.getElementById(id);
  const seconds = Number(part?.dataset.again);
  if (!seconds) return;
  await new Promise((done) => setTimeout(done, seconds * 1000));
  if (document.visibilityState === "visible") await fresh(withIt(part));
  again(id);
}
for (const part of document.querySelectorAll("[data-again]")) again(part.id);

// A part with data-stream is told by the server that there is news, and asks for
// itself and the parts that data-with names, until the answer is no longer followed.
// One stream a page, and none while nobody looks; turned away, it asks more rarely.
for (const { id } of document.querySelectorAll("[data-stream]")) {
  const part = () => document.getElementById(id);
  let news, later;
  const close = () => {
    news?.close();
    news = undefined;
    clearTimeout(later);
  };
  const read = async () => {
    await fresh(withIt(part()));
    if (!part().dataset.stream) close();
  };
  const look = () => {
    if (document.visibilityState !== "visible" || !part().dataset.stream) return close();
    news ??= new EventSource(part().dataset.stream);
    news.onmessage = read;
    news.onerror = () => {
      if (news?.readyState !== EventSource.CLOSED) return; // it comes back by itself
      close();
      later = setTimeout(() => read().then(look), 10000);
    };
  };
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", close);
  addEventListener("pageshow", look);
}

// Passkeys. A form with data-passkey holds the question for the browser; the
// device's answer goes along with the form. Where there are no passkeys, such a
// form stays hidden or says so.
async function answer(form) {
  const options = JSON.parse(form.dataset.options);
  const credential = form.dataset.passkey === "make"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(credential.toJSON());
}
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = form.querySelector(".wrong[role=alert]");
    wrong.hidden = true;
    try {
      form.elements.answer.value = await answer(form);
    } catch {
      wrong.hidden = false;
      return;
    }
    HTMLFormElement.prototype.submit.call(form);
  });
}
