/* What the page does: values under the pointer, arcs of a state, a filter. Everything is there without
 * it. It is read as HTML and as XML: no "<" and no "&" in here. */
#include "replay/report_parts.h"

/* clang-format off */
const char report_js[] =
	"\"use strict\";\n"
	"const all=(what,of)=>Array.from((of||document).querySelectorAll(what));\n"
	"const numbers=text=>(text||\"\").split(\" \").map(Number);\n"
	"const clock=ms=>ms>=3600000?(ms/3600000).toFixed(2)+\"h\":ms>=120000?(ms/60000).toFixed(1)+\"m\":(ms/1000).toFixed(1)+\"s\";\n"
	/* plots: the nearest point, and its values in the caption */
	"function watch(svg){\n"
	" const d=svg.dataset,x=numbers(d.x),a=numbers(d.a),b=d.b?numbers(d.b):null;\n"
	" const out=svg.parentNode.querySelector(\"output\"),said=Array.from(out.childNodes);\n"
	" const line=document.createElementNS(svg.namespaceURI,\"line\");\n"
	" line.setAttribute(\"class\",\"cursor\");line.setAttribute(\"y1\",8);line.setAttribute(\"y2\",156);\n"
	" const text=v=>v.toLocaleString(\"en\",{maximumFractionDigits:1})+(d.unit?\" \"+d.unit:\"\");\n"
	" svg.addEventListener(\"pointermove\",e=>{\n"
	"  const box=svg.getBoundingClientRect(),scale=420/box.width;\n"
	"  const at=((e.clientX-box.left)*scale-d.from)/(d.to-d.from)*d.end;\n"
	"  let best=0;\n"
	"  x.forEach((v,i)=>{if(Math.abs(x[best]-at)>Math.abs(v-at))best=i;});\n"
	"  const px=Number(d.from)+x[best]/d.end*(d.to-d.from);\n"
	"  line.setAttribute(\"x1\",px);line.setAttribute(\"x2\",px);svg.append(line);\n"
	"  out.textContent=\"at \"+clock(x[best])+\": \"+text(a[best])+(b?\" / \"+text(b[best]):\"\");\n"
	" });\n"
	" svg.addEventListener(\"pointerleave\",()=>{line.remove();out.replaceChildren(...said);});\n"
	"}\n"
	"all(\".plot svg\").forEach(watch);\n"
	/* states: only what leads to and from the one under the pointer */
	"all(\".graph\").forEach(graph=>all(\".node\",graph).forEach(node=>{\n"
	" const n=node.dataset.n;\n"
	" const mine=arc=>arc.dataset.from===n||arc.dataset.to===n;\n"
	" node.addEventListener(\"pointerenter\",()=>{graph.classList.add(\"hot\");\n"
	"  all(\".arc\",graph).forEach(arc=>arc.classList.toggle(\"on\",mine(arc)));});\n"
	" node.addEventListener(\"pointerleave\",()=>graph.classList.remove(\"hot\"));\n"
	"}));\n"
	/* findings: rows that hold all the words, and their sections */
	"all(\".filter\").forEach(box=>box.addEventListener(\"input\",()=>{\n"
	" const words=box.value.toLowerCase().split(/\\s+/);\n"
	" all(\".findings tbody tr\").forEach(row=>{\n"
	"  const text=row.textContent.toLowerCase();\n"
	"  row.hidden=!words.every(word=>text.includes(word));\n"
	"  const link=row.querySelector(\"a\"),section=document.getElementById(link.hash.slice(1));\n"
	"  if(section)section.hidden=row.hidden;\n"
	" });\n"
	"}));\n";
/* clang-format on */
