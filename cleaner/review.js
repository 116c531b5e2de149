"use strict";
// What was cut, to look at. All that comes from documents is set as text; nothing here makes markup of it.
// Offsets are those of report.jsonl: half-open, in code points.

const PAGE = 20; // documents at a time
const STEP = 25; // rows by which a table grows
const NEAR = 120; // characters around the cut that stands for a document in the list
const MOST = 400; // characters of that cut
const COLUMNS = 4; // documents of a template side by side, besides its partners
const NAMED = 12; // templates that a cut's reasons name at once

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const steps = data.scores.cuts.length - 1;
const number = new Intl.NumberFormat("en");
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
let threshold = 0; // in steps of 1 / steps
let shown = 0; // the first document of the page, in what was found
let found = []; // places of documents in data.documents

// -- Making things -----------------------------------------------------------------------------------------------------

/** Make an element: attributes, listeners (functions, by the event's name), children (texts or nodes). */
function make(tag, attributes = {}, ...children) {
  const made = tag === "svg" || tag === "rect" ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const link = (text, click) => make("button", { type: "button", class: "link data", click }, text);

const counted = (count, one, many = `${one}s`) => `${number.format(count)} ${count === 1 ? one : many}`;

/** Characters that are not seen, or that turn text around, as signs that say which they are. */
function visible(text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu, (mark) => {
    const code = mark.codePointAt(0).toString(16).toUpperCase();
    return mark === "\r" ? "" : `[U+${code.padStart(4, "0")}]`;
  });
}

const line = (text, most) => {
  const found = visible(text).replace(/\s+/g, " ").trim();
  return found.length > most ? `${found.slice(0, most)}…` : found;
};

const group = (name) => line(name, 80) || "(none)";

/** Bars on a logarithmic scale, and the same as a table. */
function bars(host, about, values, label, under = () => false) {
  const top = Math.log1p(Math.max(...values)) || 1;
  const svg = make("svg", { class: "plot", role: "img", "aria-label": `${about}; the table below has the numbers`, viewBox: `0 0 ${values.length * 10} 100`, preserveAspectRatio: "none" });
  values.forEach((value, at) => {
    const height = value && 3 + (97 * Math.log1p(value)) / top;
    svg.append(make("rect", { x: at * 10 + 1, width: 8, y: 100 - height, height, class: under(at) ? "under" : "" }));
  });
  const axis = make("div", { class: "axis", "aria-hidden": "true" }, make("span", {}, "0"), make("span", {}, `${about} (logarithmic)`), make("span", {}, "1"));
  const table = make("details", { toggle: () => table.children.length > 1 || table.append(rows()) }, make("summary", { class: "note" }, "As a table"));
  const rows = () => make("table", {}, make("tbody", {}, ...values.flatMap((value, at) => (value ? [make("tr", {}, make("th", { scope: "row" }, label(at)), make("td", {}, number.format(value)))] : []))));
  host.replaceChildren(svg, axis, table);
}

/** Fill a table bit by bit. */
function grow(id, items, row) {
  const body = $(id).tBodies[0];
  const more = make("button", { type: "button", click: () => add() });
  const add = () => {
    const from = body.rows.length;
    body.append(...items.slice(from, from ? from + STEP : 10).map(row));
    more.textContent = `Show more of ${number.format(items.length)}`;
    more.hidden = body.rows.length >= items.length;
  };
  $(id).parentElement.after(more);
  add();
}

// -- Texts -------------------------------------------------------------------------------------------------------------

/** The parts of a document's text that are in the page: where each starts, and its code points. */
function partsOf(place) {
  const block = $(`text-${place}`);
  if (!block) return [];
  return JSON.parse(block.textContent).map(([start, text]) => [start, /[\ud800-\udfff]/.test(text) ? Array.from(text) : text]);
}

/** What a document shows from one offset to another: cuts struck through, passages marked, what is not here named. */
function passage(place, from, to, marks = []) {
  const { cuts, file, chars } = data.documents[place];
  const box = make("div", { class: "text" });
  const first = Math.max(0, from);
  const last = Math.min(chars[0], to);
  let at = first;
  let open = null; // the cut that the last piece lies in
  const gap = (end) => {
    const missing = end - at;
    if (missing > 0) box.append(make("span", { class: "gap" }, `… ${counted(missing, "character")} not on this page; the body is in `, make("code", {}, visible(file)), " …"));
  };
  for (const [start, text] of partsOf(place)) {
    const [begin, end] = [Math.max(start, first), Math.min(start + text.length, last)];
    if (begin >= end) continue;
    gap(begin);
    const borders = [begin, end, ...cuts.flatMap(([a, b]) => [a, b]), ...marks.flat()].filter((border) => border >= begin && border <= end);
    const sorted = [...new Set(borders)].sort((a, b) => a - b);
    for (let turn = 0; turn + 1 < sorted.length; turn += 1) {
      const [a, b] = [sorted[turn], sorted[turn + 1]];
      const part = text.slice(a - start, b - start);
      let piece = visible(typeof part === "string" ? part : part.join(""));
      if (marks.some(([low, high]) => low <= a && a < high)) piece = make("mark", {}, piece);
      const inside = cuts.findIndex(([low, high]) => low <= a && a < high);
      if (inside < 0) box.append(piece);
      else if (open && open.inside === inside && at === a && box.lastChild === open.span) open.span.lastChild.append(piece);
      else box.append((open = { inside, span: struck(place, inside, piece) }).span);
      at = b;
    }
  }
  gap(last);
  if (first) box.prepend("…");
  if (last < chars[0]) box.append("…");
  return box;
}

/** A cut's text, its label, which shows the reasons, and what stands in its place. */
function struck(place, which, text) {
  const [, , kind, score, , , , marker] = data.documents[place].cuts[which];
  const label = make("button", { type: "button", class: "label", "aria-expanded": "false", "aria-label": `cut: ${kind}, score ${score}; reasons` }, `${kind} ${score}`);
  const span = make("span", { class: `cut ${kind}`, "data-score": score }, label, ...(marker ? [make("ins", {}, visible(marker))] : []), make("del", {}, text));
  span.classList.toggle("stays", score * steps < threshold);
  label.addEventListener("click", () => (why.dataset.pinned && why.of === label ? hide() : explain(place, which, label, true)));
  label.addEventListener("focus", () => quiet || explain(place, which, label, false));
  let wait = 0;
  span.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "mouse") wait = setTimeout(() => explain(place, which, label, false, event), 150);
  });
  span.addEventListener("pointerleave", () => clearTimeout(wait));
  return span;
}

// -- Reasons -----------------------------------------------------------------------------------------------------------

const why = $("why");
let quiet = false;

function hide() {
  if (why.matches(":popover-open")) why.hidePopover();
  why.of?.setAttribute("aria-expanded", "false");
  delete why.dataset.pinned;
}

/** Hide the reasons, and give the focus back to the label, without showing them again. */
function leave() {
  hide();
  quiet = true;
  why.of.focus();
  quiet = false;
}

/** Show why a cut was made: beside its label, or where the pointer is. What was pressed stays until it is closed. */
function explain(place, which, label, pin, pointer) {
  if (why.dataset.pinned && !pin) return;
  hide();
  const [start, end, kind, score, rules, templates, others] = data.documents[place].cuts[which];
  const named = templates.map((one) => (typeof one === "number" ? [one, 1] : one)).map(([at, similarity]) => {
    const template = data.templates[at];
    const near = similarity < 1 ? `, similarity ${similarity}` : "";
    return make("li", {}, link(`template ${template.id}`, () => compare(at)), ` in ${counted(template.counted, "document")}${near}`, make("span", { class: "sample" }, line(template.sample, 100)));
  });
  const rest = named.splice(NAMED);
  why.replaceChildren(
    make("strong", {}, `${kind}, score ${score}`),
    ` ${number.format(start)} to ${number.format(end)}, ${counted(end - start, "character")}`,
    make(
      "ul",
      {},
      ...rules.map((at) => make("li", {}, "rule ", link(data.rules[at].id, () => narrow("rule", at)))),
      ...others.map((words) => make("li", { class: "data" }, visible(words))),
      ...named,
    ),
    ...(rest.length ? [make("details", {}, make("summary", {}, `${counted(rest.length, "template")} more`), make("ul", {}, ...rest))] : []),
  );
  why.of = label;
  if (pin) {
    why.dataset.pinned = "yes";
    label.setAttribute("aria-expanded", "true");
    why.append(make("button", { type: "button", click: leave }, "Close"));
  }
  if (pin) label.after(why); // so that what is in it comes next in the order of focus
  else (label.closest("dialog") || document.body).append(why);
  why.showPopover();
  const near = label.getBoundingClientRect();
  const [x, y] = pointer ? [pointer.clientX + 8, pointer.clientY + 16] : [near.left, near.bottom + 6];
  const box = why.getBoundingClientRect();
  why.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
  why.style.top = `${y + box.height < innerHeight ? y : Math.max(8, (pointer ? y - 32 : near.top - 6) - box.height)}px`;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !why.matches(":popover-open")) return;
  if (why.contains(document.activeElement)) leave();
  else hide();
});
document.addEventListener("pointerover", (event) => {
  if (!why.dataset.pinned && !event.target.closest?.(".cut, #why") && document.activeElement !== why.of) hide();
});
document.addEventListener("focusin", (event) => {
  if (!why.contains(event.target) && event.target !== why.of) hide();
});

// -- A template's documents side by side -------------------------------------------------------------------------------

const names = (cut, at) => cut[5].some((one) => one === at || one[0] === at);

function compare(at) {
  hide();
  const template = data.templates[at];
  const { limits } = data;
  const columns = template.partners.map(([place, start, end]) => {
    const about = `characters ${number.format(start)} to ${number.format(end)}`;
    if (typeof place === "string") return column(place, about, make("p", { class: "note" }, "Not listed on this page."));
    return column(data.documents[place].id, about, passage(place, start - limits.context, end + limits.context, [[start, end]]));
  });
  const taken = new Set(template.partners.map(([place]) => place));
  for (let place = 0; place < data.documents.length && columns.length < COLUMNS + template.partners.length; place += 1) {
    const cut = !taken.has(place) && data.documents[place].cuts.find((one) => names(one, at));
    if (cut) columns.push(column(data.documents[place].id, "somewhere in this cut", passage(place, cut[0] - limits.context, cut[1] + limits.context)));
  }
  $("h-side").textContent = `Template ${template.id}`;
  $("about").replaceChildren(
    make("span", { class: "sample" }, line(template.sample, 200)),
    `In ${counted(template.counted, "independent document")} of the corpus. It had a share in ${counted(template.cuts, "cut")} of ${counted(template.documents, "document")}. `,
    link("List these documents", () => narrow("template", at)),
  );
  $("columns").replaceChildren(...columns);
  if (!$("side").open) $("side").showModal();
}

const column = (id, about, body) => make("article", {}, make("h3", { class: "data" }, visible(id)), make("p", { class: "meta" }, about), body);

// -- The list of documents ---------------------------------------------------------------------------------------------

data.documents.forEach((one, place) => {
  one.place = place;
  one.removed = one.chars[0] - one.chars[1];
  one.share = one.removed / (one.chars[0] || 1);
  one.least = one.cuts.reduce((low, cut) => Math.min(low, cut[3]), 2);
});

const ORDERS = {
  least: (a, b) => a.place - b.place,
  share: (a, b) => b.share - a.share || a.place - b.place,
  removed: (a, b) => b.removed - a.removed || a.place - b.place,
  id: (a, b) => (a.id < b.id ? -1 : 1),
};

/** Which of a document's cuts the filters ask for. */
function wanted() {
  const [rule, template, most, changed] = [$("rule").value, $("template").value, $("most").value, $("changed").checked];
  const tests = [];
  if (rule) tests.push((cut) => cut[4].includes(Number(rule)));
  if (template) tests.push((cut) => names(cut, Number(template)));
  if (most) tests.push((cut) => cut[3] <= Number(most));
  if (changed) tests.push((cut) => cut[3] * steps < threshold);
  return tests;
}

function search() {
  const tests = wanted();
  const [status, named, find] = [$("status").value, $("group").value, $("find").value.toLowerCase()];
  found = data.documents
    .filter((one) => (!status || one.status === status) && (!named || one.group === data.groups[Number(named)][0]) && (!find || one.id.toLowerCase().includes(find)) && (!tests.length || one.cuts.some((cut) => tests.every((test) => test(cut)))))
    .sort(ORDERS[$("order").value])
    .map((one) => one.place);
  shown = 0;
  list();
}

function list() {
  hide();
  const tests = wanted();
  $("list").replaceChildren(...found.slice(shown, shown + PAGE).map((place) => entry(place, tests)));
  const last = Math.min(found.length, shown + PAGE);
  const all = data.documents.length === found.length ? "" : `, of ${number.format(data.documents.length)} listed`;
  $("found").textContent = found.length ? `Documents ${number.format(shown + 1)} to ${number.format(last)} of ${number.format(found.length)}${all}` : "No document is like that.";
  $("page").textContent = found.length ? `Page ${number.format(shown / PAGE + 1)} of ${number.format(Math.ceil(found.length / PAGE))}` : "";
  $("back").disabled = shown === 0;
  $("on").disabled = last === found.length;
}

/** One document: what was done, the least certain of the cuts that were asked for, and all of it when opened. */
function entry(place, tests) {
  const one = data.documents[place];
  const cuts = one.cuts.filter((cut) => tests.every((test) => test(cut)));
  const cut = cuts.reduce((low, other) => (low && low[3] <= other[3] ? low : other), null);
  const about = [make("span", { class: `status ${one.status}` }, one.status)];
  if (one.group) about.push(" ", link(group(one.group), () => narrow("group", data.groups.findIndex(([name]) => name === one.group))));
  if (one.status !== "failed") about.push(` ${percent.format(one.share)} removed: ${number.format(one.removed)} of ${counted(one.chars[0], "character")}, ${counted(one.cuts.length, "cut")}`);
  if (one.copy !== null) about.push("; a copy of ", make("span", { class: "data" }, visible(one.copy)));
  const made = make("li", {}, make("h3", { class: "data" }, visible(one.id)), make("p", { class: "meta" }, ...about));
  if (one.error) made.append(make("p", { class: "data" }, visible(one.error)));
  if (cut) {
    const from = one.cuts.reduce((low, [, end]) => (end <= cut[0] ? Math.max(low, end) : low), cut[0] - NEAR);
    const to = one.cuts.reduce((high, [start]) => (start >= cut[1] ? Math.min(high, start) : high), cut[1] + NEAR);
    made.append(passage(place, from, Math.min(to, cut[0] + MOST)));
  }
  if (one.chars[0]) {
    const whole = make("details", { toggle: () => whole.children.length > 1 || whole.append(all()) }, make("summary", {}, cut ? "The whole document, all cuts" : "The whole document"));
    const all = () => {
      const text = passage(place, 0, one.chars[0]);
      text.classList.add("whole");
      return text;
    };
    made.append(whole);
  }
  return made;
}

function turn(by) {
  shown += by * PAGE;
  list();
  $("documents").scrollIntoView();
  $("documents").focus({ preventScroll: true });
}

/** Show only the documents of a rule, a template or a group, by its place in the data. */
function narrow(filter, at) {
  if ($("side").open) $("side").close();
  $("filters").reset();
  if (filter === "template" && !$("template").querySelector(`option[value="${at}"]`)) $("template").append(make("option", { value: at }, title(data.templates[at])));
  $(filter).value = at;
  search();
  $("documents").scrollIntoView();
  $("documents").focus({ preventScroll: true });
}

const title = (template) => `${template.id} ${line(template.sample, 40)}`;

// -- Another threshold -------------------------------------------------------------------------------------------------

function preview() {
  threshold = Math.round($("threshold").value * steps);
  $("at").textContent = (threshold / steps).toFixed(2);
  const { totals, scores } = data;
  const stay = Object.fromEntries(Object.entries(scores).map(([name, values]) => [name, values.slice(threshold).reduce((sum, value) => sum + value, 0)]));
  $("preview").textContent = threshold
    ? `${counted(stay.cuts, "cut")} of ${number.format(totals.cuts)} would be left, ${number.format(stay.characters)} of ${counted(totals.removed, "removed character")}, in ${number.format(stay.documents)} of ${counted(totals.cleaned, "cleaned document")}.`
    : `${counted(totals.cuts, "cut")}, ${counted(totals.removed, "character")}, in ${counted(totals.cleaned, "document")}. Move the slider to see what a higher threshold would leave.`;
  const rects = $("scores").querySelectorAll("rect");
  rects.forEach((rect, at) => rect.setAttribute("class", at < threshold ? "under" : ""));
  document.querySelectorAll(".cut[data-score]").forEach((span) => span.classList.toggle("stays", span.dataset.score * steps < threshold));
  if ($("changed").checked) search();
}

// -- The page ----------------------------------------------------------------------------------------------------------

function overview() {
  const { totals, versions, policy, texts, leftOut, limits } = data;
  document.title = `What was cut: ${visible(data.folder)}`;
  $("folder").textContent = visible(data.folder);
  $("version").textContent = `cleaner ${versions.cleaner}, policy with threshold ${policy.threshold}`;
  const tiles = [["held", totals.held, "held"], ["failed", totals.failed, "failed"], ["documents", totals.documents], ["cleaned", totals.cleaned, "cleaned"], ["unchanged", totals.unchanged, "unchanged"], ["copies", totals.duplicates], ["cuts", totals.cuts], ["characters", totals.chars], ["removed", totals.removed]];
  for (const [name, count, status] of tiles) {
    const alarm = (name === "held" || name === "failed") && count;
    if (!count && (status || name === "copies")) continue;
    const value = name === "removed" ? `${number.format(count)} (${percent.format(count / (totals.chars || 1))})` : number.format(count);
    const term = status && count ? link(name, () => (narrow("status", status))) : name;
    $("totals").append(make("div", alarm ? { class: "alarm" } : {}, make("dt", {}, term), make("dd", {}, value)));
  }
  $("kinds").textContent = `Of the removed characters: ${["header", "inset", "trailer"].map((kind) => `${percent.format(totals[kind] / (totals.removed || 1))} ${kind}s`).join(", ")}.`;
  bars($("scores"), "Cuts by score", data.scores.cuts.slice(0, steps), (at) => `${(at / steps).toFixed(2)} to ${((at + 1) / steps).toFixed(2)}`);
  bars($("shares"), "Documents by removed share", data.shares, (at) => `${percent.format(at / data.shares.length)} to ${percent.format((at + 1) / data.shares.length)}`);
  grow("groups", data.groups.map((one, at) => [at, ...one]), ([at, name, documents, chars, removed]) => {
    const share = removed / (chars || 1);
    const bar = make("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, make("rect", { width: 100 * share, height: 10 }));
    return make("tr", {}, make("th", { scope: "row" }, link(group(name), () => narrow("group", at))), ...[documents, removed].map((count) => make("td", {}, number.format(count))), make("td", {}, percent.format(share)), make("td", {}, bar));
  });
  const ranked = (click) => (one, at) => make("tr", {}, make("th", { scope: "row" }, link(one.id, () => click(one.at)), make("span", { class: "sample" }, line(one.sample || "", 90))), ...[one.chars, one.cuts, one.documents].map((count) => make("td", {}, number.format(count))));
  data.rules.forEach((one, at) => (one.at = at));
  data.templates.forEach((one, at) => (one.at = at));
  grow("rules", data.rules, ranked((at) => narrow("rule", at)));
  grow("templates", data.templates, ranked(compare));
  for (const status of ["held", "failed", "cleaned", "unchanged"]) if (totals[status]) $("status").append(make("option", { value: status }, status));
  data.groups.forEach(([name], at) => $("group").append(make("option", { value: at }, group(name))));
  data.rules.forEach((one) => $("rule").append(make("option", { value: one.at }, one.id)));
  data.templates.slice(0, 100).forEach((one) => $("template").append(make("option", { value: one.at }, title(one))));
  const unlisted = totals.documents - data.documents.length;
  const left = [
    [unlisted, `${counted(unlisted, "document")}, whose cuts are the most certain: they are counted, not listed.`],
    [texts.parts, `Of ${counted(texts.parts, "document")} all but the cuts and ${limits.context} characters around each; of long cuts the middle.`],
    [texts.none, `The texts of ${counted(texts.none, "document")}; what was cut, and why, is listed.`],
    [leftOut.groups, `${counted(leftOut.groups, "group")}, with the fewest characters removed.`],
    [leftOut.templates, `The names of ${counted(leftOut.templates, "template")}, with the fewest characters removed.`],
  ].filter(([count]) => count);
  $("left").append(...left.map(([, words]) => make("li", {}, words)));
  $("left").append(make("li", {}, left.length ? "All of it is in " : "Nothing; the same is in ", make("code", {}, visible(data.folder)), ": ", make("code", {}, "report.jsonl"), " has every cut with its reasons and partners, the bodies lie beside it, and ", make("code", {}, "cleaner restore"), " writes the originals."));
}

overview();
preview();
search();
$("threshold").addEventListener("input", preview);
$("filters").addEventListener("input", search);
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("filters").addEventListener("reset", () => setTimeout(search));
$("back").addEventListener("click", () => turn(-1));
$("on").addEventListener("click", () => turn(1));
requestAnimationFrame(() =>
  setTimeout(() => {
    performance.mark("shown"); // tests/benchmarks/review.py asks when
    document.documentElement.dataset.ready = "yes";
  }),
);
