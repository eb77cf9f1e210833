const SANS = `-apple-system,"Segoe UI",Inter,Roboto,"Noto Sans","Liberation Sans","PingFang SC","Microsoft YaHei",` +
  `"Noto Sans CJK SC","WenQuanYi Micro Hei",system-ui,sans-serif`;
const MONO = `ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace`;

/** The look of a report: paper and ink, colour only where it means something, one column of text, tables that scroll. */
export const REPORT_STYLE: string = `
:root{--paper:#fdfcfa;--ink:#211f1c;--soft:#6f6a62;--line:#e4dfd6;--rail:#eeeae2;--fill:#f5f2ec;--link:#2a5d9f;--bar:#4c78a8;
--bad:#b3261e;--bad-bg:#fbe9e6;--warn:#8f5800;--warn-bg:#fdf1dc;--ok:#2c7a4b;--ok-bg:#edf6ef;--mark:#fff0b8;
--user:#d98b4a;--system:#5b83c4;--iowait:#b39b2e;--irq:#8a6fb8;--steal:#8d8880;
--l0:#4c78a8;--l1:#d98b4a;--l2:#4f9a6b;--l3:#b3564f;--l4:#8a6fb8;--l5:#8d8880}
@media (prefers-color-scheme:dark){:root{--paper:#16171a;--ink:#e8e4dc;--soft:#9d978d;--line:#303237;--rail:#26282d;--fill:#1d1f23;
--link:#8fb8ea;--bar:#6a98cc;--bad:#ff8a7d;--bad-bg:#3a1f1d;--warn:#e8b45a;--warn-bg:#35290f;--ok:#7cc796;--ok-bg:#1a2b20;--mark:#544513;
--user:#c97f45;--system:#6b93d3;--iowait:#b8a345;--irq:#9a82c6;--steal:#85817a;
--l0:#6a98cc;--l1:#d39055;--l2:#66ad81;--l3:#cc766f;--l4:#9a82c6;--l5:#85817a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ${SANS};font-variant-numeric:tabular-nums}
main{max-width:1040px;margin:0 auto;padding:28px 24px 80px}
h1,h2,h4,p,dl,dd,figure,ol,ul{margin:0;padding:0}
h1{font-size:34px;line-height:1.15;font-weight:650;letter-spacing:-.015em}
h2{font-size:19px;line-height:1.3;font-weight:650;letter-spacing:-.005em;margin:0 0 14px}
h4{font-size:14px;font-weight:650;margin:0 0 8px}
section{margin-top:44px}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
code,pre,.code{font-family:${MONO};font-size:.86em}
code{background:var(--fill);border-radius:4px;padding:1px 4px;overflow-wrap:anywhere}
pre{margin:0;background:var(--fill);border-radius:6px;padding:10px 12px;overflow:auto;font-size:12.5px;line-height:1.5;max-height:420px}
pre code{background:none;padding:0;font-size:inherit}
small,.soft{color:var(--soft)}small{font-size:.86em}
.brand{color:var(--soft);font-size:14px;padding-bottom:14px;border-bottom:1px solid var(--line)}
.brand b{color:var(--ink);letter-spacing:.02em;margin-right:8px}
.verdict{display:grid;grid-template-columns:minmax(0,1fr) 250px;gap:48px;padding:30px 0 22px}
.severity{display:inline-block;font-size:12px;font-weight:700;letter-spacing:.09em;border-radius:4px;padding:2px 9px;margin-bottom:12px}
.critical .severity{background:var(--bad-bg);color:var(--bad)}
.warning .severity{background:var(--warn-bg);color:var(--warn)}
.info .severity{background:var(--ok-bg);color:var(--ok)}
.culprit{margin-top:8px;color:var(--soft);overflow-wrap:anywhere}
.culprit b{font-family:${MONO};font-size:.94em;color:var(--ink)}
.culprit span::before{content:"·";margin:0 6px 0 2px}
.cause{font-size:18px;line-height:1.55;margin-top:16px;overflow-wrap:anywhere;max-width:66ch}
aside{align-self:start;font-size:14px}
.confidence{color:var(--soft);line-height:1.2;margin-bottom:8px}
.confidence b{font-size:30px;font-weight:650;color:var(--ink);letter-spacing:-.01em;margin-right:4px}
aside .bar{height:5px}
dl{margin-top:14px}dl div{display:flex;justify-content:space-between;gap:12px;padding:4px 0;border-bottom:1px solid var(--line)}
dt{color:var(--soft)}dd{text-align:right;overflow-wrap:anywhere}
.question,.machine{color:var(--soft);font-size:14px;overflow-wrap:anywhere}.question q{color:var(--ink)}
.quality{color:var(--soft);font-size:13px;margin-top:6px}
.quality span+span::before{content:"·";margin:0 5px 0 1px;color:var(--soft)}
.warn,.notes{color:var(--warn)}.notes{font-size:13px;margin:2px 0 0 18px;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:14px}
th{text-align:left;font-weight:500}
.n{text-align:right;white-space:nowrap}
.quiet{color:var(--soft);opacity:.7}
.use{width:100%;table-layout:fixed;border-collapse:separate;border-spacing:0 4px}
.use thead th{color:var(--soft);font-weight:400;padding:0 12px 2px}
.use th:first-child{width:22%;padding-left:0}
.use tbody th{font-weight:600;padding:9px 12px 9px 0;vertical-align:top;overflow-wrap:anywhere}
.use td{padding:9px 12px;vertical-align:top;border-left:4px solid var(--paper);overflow-wrap:anywhere;line-height:1.4}
.use .state{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.use .bad{background:var(--bad-bg);color:var(--bad);font-weight:600}
.use .ok{background:var(--ok-bg)}
.use .not_measured{background:var(--fill);color:var(--soft)}
.use td a{font-weight:400;font-size:12px}
.evidence{list-style:none}
.evidence li{padding:11px 0 10px;border-top:1px solid var(--line)}
.evidence li:last-child{border-bottom:1px solid var(--line)}
.claim{display:flex;gap:14px;align-items:baseline}
.claim .id{min-width:20px}.claim p{flex:1;overflow-wrap:anywhere}
.value{font-weight:650;white-space:nowrap}
.id{font:600 12px ${MONO};color:var(--soft)}
.source{font-size:13px;margin:2px 0 0 34px;overflow-wrap:anywhere}
.source code{background:none;color:var(--soft);font-size:12px;padding:0;margin-left:10px}
.command{white-space:pre-wrap;overflow-wrap:anywhere}
.advice{padding-left:24px}.advice li{padding:3px 0 3px 6px;overflow-wrap:anywhere;max-width:76ch}.advice li::marker{color:var(--ok);font-weight:650}
ul{padding-left:20px}
.findings{width:100%}.findings th,.findings td{padding:7px 12px 7px 0;vertical-align:baseline;border-top:1px solid var(--line);overflow-wrap:anywhere}
.findings th{white-space:nowrap}.findings tr:first-child{font-weight:600}
.bar{display:block;width:100%;height:10px;border-radius:2px;overflow:hidden}
.rail{fill:var(--rail)}
.bar-cell{width:140px;vertical-align:middle!important}
${
  ["user", "system", "iowait", "irq", "steal", "l0", "l1", "l2", "l3", "l4", "l5", "bad"].map((c) =>
    `.bar .${c}{fill:var(--${c})}.key .${c}{background:var(--${c})}.line.${c}{stroke:var(--${c})}`
  ).join("")
}
.bar .confidence{fill:var(--ink)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:34px 44px}
figcaption{font-size:14px;font-weight:600;margin-bottom:8px}figcaption a{font:400 12px ${MONO};margin-left:4px}
.bars{width:100%}.bars th,.bars td{padding:3px 0;vertical-align:middle}
.bars th{width:1%;max-width:210px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;padding-right:14px}
.bars td.n{width:1%;padding-left:14px}
.key{font-size:13px;color:var(--soft);margin-top:6px}.key span{white-space:nowrap;margin-right:12px}
.key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
.plot{position:relative;padding:0 0 20px 52px;font-size:12px;color:var(--soft)}
.plot svg{display:block;width:100%;height:150px}.plot span{position:absolute}
.plot .y{left:0;top:-3px}.plot .y0{left:0;bottom:16px}.plot .x0{left:52px;bottom:0}.plot .x{right:0;bottom:0}
.grid{stroke:var(--line);fill:none;vector-effect:non-scaling-stroke}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.flame{border:1px solid var(--line);border-radius:8px;overflow:hidden}.flame+.flame{margin-top:20px}
.flame .tall{max-height:620px;overflow:auto}.flame svg{display:block;max-width:100%;--bg:var(--paper)!important;font-family:inherit!important}
.flame figcaption{font-weight:400;color:var(--soft);font-size:13px;margin:0;padding:0 12px 10px}
details{border-top:1px solid var(--line);padding:10px 0}details:last-child{border-bottom:1px solid var(--line)}
summary{cursor:pointer;overflow-wrap:anywhere}summary code{background:none;color:var(--soft)}
.remarks,.remarks:last-child{border:0;padding:2px 0;font-size:13px}.remarks summary{color:var(--warn)}
details>.command{margin-top:10px}
.result{margin-top:22px}.result .soft{font-size:13px;margin-top:6px}
.error{color:var(--bad);font-size:14px;overflow-wrap:anywhere;white-space:pre-wrap}p.error{margin-top:8px}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
.data{width:100%;font-size:13px}
.data th,.data td{padding:4px 12px;white-space:nowrap}
.data thead th{background:var(--fill);color:var(--soft);font-weight:500}
.data tbody tr+tr td{border-top:1px solid var(--line)}
.data td{max-width:420px;overflow:hidden;text-overflow:ellipsis}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:0 40px;font-size:13px;margin:0}.pairs dd{white-space:normal}
.hist{max-width:640px}.hist th{max-width:none;color:var(--soft)}
:target{background:var(--mark)!important;box-shadow:0 0 0 3px var(--mark);border-radius:2px;scroll-margin:30vh}
details:target,.evidence li:target{box-shadow:none;scroll-margin:12px}
@media (max-width:720px){main{padding:18px 16px 60px}h1{font-size:28px}.cause{font-size:17px}section{margin-top:36px}
.verdict{grid-template-columns:minmax(0,1fr);gap:24px;padding-top:22px}
.use,.use tbody,.use tr,.use td,.use tbody th{display:block;width:100%!important}.use thead{display:none}
.use tbody th{padding:14px 0 4px}.use td{border-left:0;margin-top:3px;display:flex;gap:10px;justify-content:space-between;text-align:right}
.use td::before{content:attr(data-label);color:var(--soft);font-weight:400;text-align:left}
.claim{flex-wrap:wrap;gap:4px 10px}.claim p{flex-basis:70%}.source{margin-left:0}.source code{display:block;margin:2px 0 0}
.findings,.findings tbody,.findings tr{display:block}.findings tr{border-top:1px solid var(--line);padding:8px 0}
.findings th,.findings td{display:inline;border:0;padding:0 8px 0 0}.findings .bar-cell{display:none}.bars th{max-width:150px}}
@media print{body{font-size:11pt}main{max-width:none;padding:0}section{margin-top:24px;break-inside:avoid}.command,.source a{color:inherit}
details{break-inside:avoid}h2{break-after:avoid}}
`;
