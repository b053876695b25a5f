/* How the page looks. It is read as HTML and as XML: no "<" and no "&" in here. */
#include "replay/report_parts.h"

/* clang-format off */
const char *const report_css[] = {
	/* colours: paper and ink, one blue for what goes on, one ochre for what is different */
	":root{color-scheme:light dark;--paper:#fcfbf8;--card:#fff;--ink:#1d2228;--soft:#5d6570;"
	"--faint:#8d949d;--rule:#e4e1d9;--wash:#f3f1eb;--blue:#2c5f9e;--blue-wash:#dfe8f3;"
	"--ochre:#b0601a;--mark:#fbe6c2;--mark-ink:#7a3d05;"
	"--critical:#8c1540;--high:#c0341d;--medium:#b0701a;--low:#4b7a8c;--info:#6d7681;--none:#9aa1a9}"
	"@media(prefers-color-scheme:dark){:root{--paper:#15181c;--card:#1b1f24;--ink:#e3e1dc;"
	"--soft:#a3a9b1;--faint:#767d86;--rule:#2d3238;--wash:#20252b;--blue:#7fb0e8;"
	"--blue-wash:#22344a;--ochre:#e0a263;--mark:#4a3517;--mark-ink:#f6cf97;"
	"--critical:#f0709c;--high:#f28068;--medium:#e0ac5c;--low:#83b8cb;--info:#98a1ab;--none:#6f7780}}",

	/* text */
	"*{box-sizing:border-box}html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}"
	"body{margin:0 auto;max-width:1180px;padding:2.2rem 1.6rem 5rem;background:var(--paper);"
	"color:var(--ink);font:15px/1.55 system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\",sans-serif}"
	"h1,h2,h3,h4{line-height:1.25;font-weight:600;margin:0}"
	"h1{font-size:1.45rem;font-family:ui-monospace,\"SF Mono\",Menlo,Consolas,monospace;font-weight:500;"
	"overflow-wrap:anywhere;margin:.2rem 0 1.2rem}"
	"h2{font-size:1.3rem;margin:0 0 .7rem}h3{font-size:1.04rem;margin:1.8rem 0 .5rem;overflow-wrap:anywhere}"
	"h4{font-size:.78rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:1.5rem 0 .5rem}"
	"p{margin:.4rem 0 .8rem;max-width:76ch}.note,.meta,.quiet{color:var(--soft);font-size:.88rem}"
	".meta{max-width:none}.nothing{border-left:3px solid var(--ochre);padding:.35rem .9rem;background:var(--wash);"
	"max-width:84ch;overflow-wrap:anywhere}"
	"a{color:var(--blue);text-decoration-thickness:1px;text-underline-offset:2px}"
	"code,pre,.hex,.choice,.line{font-family:ui-monospace,\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace;"
	"font-size:.84em;font-variant-ligatures:none}"
	"pre{margin:.3rem 0;padding:.7rem .9rem;background:var(--wash);border-radius:5px;overflow-x:auto;line-height:1.5;"
	"white-space:pre;max-height:32rem}"
	"section{margin-top:3.2rem;padding-top:1.6rem;border-top:1px solid var(--rule)}",

	/* head */
	"header .kind{margin:0;color:var(--soft);font-size:.86rem;letter-spacing:.02em}"
	".stands{color:var(--ochre);font-weight:600}"
	".tiles{display:flex;flex-wrap:wrap;gap:1px;background:var(--rule);"
	"border:1px solid var(--rule);border-radius:7px;overflow:hidden}"
	".tiles div{flex:1 1 118px;background:var(--card);padding:.8rem 1rem .7rem}"
	".tiles b{display:block;font-size:1.4rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.2}"
	".tiles span{color:var(--soft);font-size:.8rem}"
	".facts{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.4rem;margin:1.4rem 0}"
	".facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}"
	".command{margin:.8rem 0}.command span{color:var(--soft);font-size:.82rem}"
	".command pre{white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}"
	"nav{display:flex;flex-wrap:wrap;gap:.3rem 1.3rem;margin-top:1.6rem;font-size:.9rem}",

	/* tables */
	".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}"
	"th{text-align:left;font-weight:600}thead th{color:var(--soft);font-size:.78rem;font-weight:500;"
	"border-bottom:1px solid var(--rule);white-space:nowrap}"
	"td,th{padding:.34rem .7rem .34rem 0;vertical-align:top}tbody tr+tr td,tbody tr+tr th{border-top:1px solid var(--rule)}"
	".num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
	"td.title{overflow-wrap:anywhere;min-width:16rem}tr.quiet{opacity:.72}"
	".filter{font:inherit;color:inherit;background:var(--card);border:1px solid var(--rule);border-radius:5px;"
	"padding:.35rem .7rem;width:min(24rem,100%);margin-bottom:.7rem}"
	".chip{display:inline-block;font-size:.74rem;font-weight:600;line-height:1;padding:.28em .6em;border-radius:99px;"
	"border:1px solid currentColor;white-space:nowrap;vertical-align:.1em;color:var(--info)}"
	"[data-severity=critical]{--tone:var(--critical)}[data-severity=high]{--tone:var(--high)}"
	"[data-severity=medium]{--tone:var(--medium)}[data-severity=low]{--tone:var(--low)}"
	"[data-severity=info]{--tone:var(--info)}[data-severity=none]{--tone:var(--none)}.chip{color:var(--tone)}",

	/* plots */
	".plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(320px,100%),1fr));gap:1.6rem 2rem;margin-top:1rem}"
	"figure{margin:0}figcaption{display:flex;justify-content:space-between;gap:1rem;font-size:.88rem}"
	"figcaption b{font-weight:600}output{color:var(--soft);font-variant-numeric:tabular-nums}"
	"svg{display:block;width:100%;height:auto;overflow:visible}svg text{font:11px system-ui,sans-serif;fill:var(--soft)}"
	".tick.y{text-anchor:end}.tick.x{text-anchor:middle}.grid{stroke:var(--rule)}.axis{stroke:var(--faint)}"
	".line{stroke-linejoin:round}polyline{fill:none;stroke:var(--blue);stroke-width:1.7}"
	"polyline.b{stroke:var(--ochre)}.area{fill:var(--blue-wash);opacity:.6}.moment{stroke:var(--faint);stroke-dasharray:1 3}"
	".mark{fill:var(--tone);stroke:var(--paper)}.cursor{stroke:var(--ink);opacity:.5}"
	".key:before{content:\"\";display:inline-block;width:.9em;height:2px;margin:0 .35em 0 .6em;vertical-align:.25em;background:var(--blue)}"
	".key.b:before{background:var(--ochre)}",

	/* funnel */
	".funnel th{font-weight:500;white-space:nowrap;width:1%;padding-right:1.2rem}.funnel td{width:1%;white-space:nowrap}"
	".funnel td.bar{width:auto;min-width:6rem}.funnel .quiet{padding-left:1.2rem;padding-right:0}"
	".columns,.columns tbody{display:block}.columns tbody{columns:2 26rem;column-gap:3rem}"
	".columns tr{display:grid;grid-template-columns:10rem 1fr 3.4rem;break-inside:avoid}"
	".columns tr th,.columns tr td,.columns tr td.bar{border:0;width:auto;padding:.12rem 0;min-width:0;font-weight:400}"
	".bar i{display:block;height:1.05em;margin-top:.2em;background:var(--blue);border-radius:2px;min-width:1px;opacity:.8}",

	/* states */
	".graph{min-width:760px;margin-top:.6rem}.graph .name{text-anchor:end;fill:var(--ink)}"
	".graph .visits{text-anchor:end;font-size:10px}.graph circle{fill:var(--card);stroke:var(--soft);stroke-width:1.5}"
	".graph .count{font-size:10px;fill:var(--soft);paint-order:stroke;stroke:var(--paper);stroke-width:3px}"
	".arc{fill:none;stroke:var(--blue);opacity:.42}.arc[data-way=back]{stroke:var(--ochre)}"
	".arrow-on path{fill:var(--blue)}.arrow-back path{fill:var(--ochre)}.node{cursor:default}"
	".graph.hot .arc{opacity:.06}.graph.hot .count{opacity:0}.graph.hot .arc.on{opacity:.95}"
	".node:hover .name{font-weight:600}",

	/* lineage */
	".lineage{margin:0 0 .2rem;padding:0;list-style:none;font-size:.86rem;color:var(--soft)}"
	".lineage li{display:inline}.lineage li+li:before{content:\" \\2192  \";color:var(--faint)}"
	".lineage b{font-weight:500;color:var(--ink)}.lineage .self b{font-weight:600}td>code{font-size:.76rem}",

	/* findings */
	"article{margin-top:2.4rem;padding:.2rem 0 .2rem 1.3rem;border-left:3px solid var(--tone)}article h3{margin-top:0}"
	"article:target{background:linear-gradient(90deg,var(--wash),transparent 40%)}"
	"details{margin:.4rem 0}summary{cursor:pointer}.evidence summary{font-weight:500}.evidence .quiet{font-weight:400}"
	".recipe{padding:.6rem .9rem;background:var(--wash);border-radius:5px;overflow-x:auto}"
	".choice{overflow-wrap:anywhere}.words{color:var(--soft);font-size:.88rem;margin:0 0 .35rem 1rem;overflow-wrap:anywhere;white-space:pre-wrap}",

	/* conversations */
	".talk{display:grid;grid-template-columns:1fr 1fr;gap:.4rem 1rem;align-items:start}"
	".side{font-size:.78rem;color:var(--soft);border-bottom:1px solid var(--rule)}"
	".client{grid-column:1}.server{grid-column:2}p.server{margin:.4rem 0}"
	".msg{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.45rem .7rem;min-width:0}"
	".msg.client{border-left:3px solid var(--blue)}.msg.server{border-left:3px solid var(--ochre)}"
	".msg[open]{grid-column:1/-1}.who{display:block;float:right;margin-left:1rem;color:var(--faint);font-size:.76rem}"
	".msg summary{overflow-wrap:anywhere}.line{color:var(--ink)}"
	".tag{display:inline-block;font-size:.72rem;color:var(--soft);border:1px solid var(--rule);border-radius:3px;"
	"padding:0 .4em;margin-left:.4em}.tag.new,.hex .new,.changed .value{background:var(--mark);color:var(--mark-ink)}"
	".tag.new{border-color:transparent}.fields{margin:.5rem 0;font-size:.82rem;line-height:1.4}.fields td{padding:.04rem .6rem .04rem .4rem}"
	".fields .value{overflow-wrap:anywhere;width:60%}.fields tr+tr td{border:0}.fields tr:hover td{background:var(--wash)}"
	".aside .value{text-decoration:underline dotted var(--ochre)}.gone,.odd{margin:.1rem .4rem;font-size:.84rem;color:var(--ochre)}"
	".hex{max-height:24rem}.hex b{font-weight:400;color:var(--faint)}.hex i{font-style:normal;border-radius:2px}"
	".hex .gap{box-shadow:-2px 0 0 var(--high)}"
	"footer{margin-top:4rem;color:var(--faint);font-size:.82rem}",

	/* narrow, and on paper */
	"@media(max-width:720px){body{padding:1.2rem 1rem 3rem}.talk{grid-template-columns:1fr}"
	".client,.server{grid-column:1}.side{display:none}.msg.server{margin-left:1.2rem}.msg.client{margin-right:1.2rem}"
	".facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.5rem}.funnel .quiet{display:none}"
	"article{padding-left:.8rem}.who{float:none;margin:0;display:inline}.line{display:block}}"
	"@media print{:root{--paper:#fff;--card:#fff;--wash:#f5f5f2}html{font-size:11px}body{max-width:none;padding:0;font-size:11px}"
	"nav,.filter{display:none}pre,.hex{max-height:none;white-space:pre-wrap;overflow-wrap:anywhere}"
	"section,article{break-inside:auto}figure,tr,.msg,.command{break-inside:avoid}h2,h3,h4{break-after:avoid}"
	".graph{min-width:0;max-height:240mm}.wide{overflow:visible}section{margin-top:1.6rem}a{color:inherit;text-decoration:none}.bar i{print-color-adjust:exact}}",
	NULL,
};
/* clang-format on */
