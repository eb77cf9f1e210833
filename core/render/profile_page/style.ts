const SANS = `system-ui,-apple-system,"Segoe UI","Noto Sans","Liberation Sans","PingFang SC","Microsoft YaHei",` +
  `"Noto Sans CJK SC","WenQuanYi Micro Hei",sans-serif`;
const MONO = `ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace`;

/** The look of a profile's page: the picture has the room, what acts on it stands in one line above. */
export const PAGE_STYLE: string = `
:root{color-scheme:light dark;--paper:#fff;--ink:#23211e;--soft:#6d6861;--line:#dcd8d0;--fill:#f5f2ec;--link:#2a5d9f;--bar:#dfe7f1;
--tip:#fffffff5;--more:#b3261e;--less:#2a5d9f}
@media (prefers-color-scheme:dark){:root{--paper:#16171a;--ink:#e8e4dc;--soft:#9d978d;--line:#3a3b40;--fill:#212328;--link:#8fb8ea;
--bar:#2b3a4e;--tip:#26282ef5;--more:#ff8a7d;--less:#8fb8ea}}
*{box-sizing:border-box}[hidden]{display:none!important}
html,body{height:100%}
body{margin:0;display:flex;flex-direction:column;background:var(--paper);color:var(--ink);font:14px/1.45 ${SANS};font-variant-numeric:tabular-nums}
h1,p,ol{margin:0;padding:0}
header{padding:12px 16px 0}
h1{font-size:17px;line-height:1.3;font-weight:650;overflow-wrap:anywhere}
.soft,.help{color:var(--soft);font-size:12.5px;overflow-wrap:anywhere}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
:focus-visible{outline:2px solid var(--link);outline-offset:1px}
button,select,input{font:inherit;font-size:13px;color:var(--ink);background:var(--paper);border:1px solid var(--line);border-radius:5px;height:28px;padding:0 8px;margin:0;max-width:190px}
button{cursor:pointer}button:hover,select:hover,input:hover{border-color:var(--soft)}
input[aria-invalid=true]{border-color:var(--more)}input[type=checkbox]{height:auto;margin:0 5px 0 0}
.bars{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;padding:10px 16px 0}
.bars label{display:inline-flex;align-items:center;gap:6px;color:var(--soft);font-size:12.5px;white-space:nowrap}
[role=tabpanel] .bars{padding:0}.bars .end{margin-left:auto;display:flex;flex-wrap:wrap;gap:8px;align-items:center}
#search{width:190px;font-family:${MONO};font-size:12px}
#range{border-color:var(--link);color:var(--link)}
[role=tablist]{display:flex;gap:2px;padding:12px 16px 0;border-bottom:1px solid var(--line);overflow-x:auto;flex:none}
[role=tab]{border:0;border-bottom:2px solid transparent;border-radius:0;background:none;color:var(--soft);height:32px;padding:0 12px;max-width:none;white-space:nowrap}
[role=tab]:focus-visible{outline-offset:-3px}
[role=tab][aria-selected=true]{color:var(--ink);border-bottom-color:var(--ink);font-weight:600}
main{flex:1;min-height:220px;display:flex;flex-direction:column;position:relative}
[role=tabpanel]{flex:1;min-height:0;display:flex;flex-direction:column;padding:8px 16px 0;gap:6px}
.flame{flex:1;min-height:60px;overflow-y:auto;overflow-x:hidden;position:relative;cursor:pointer;outline:none}
.flame .space,.heat .space{position:relative}.flame canvas,.heat canvas{position:sticky;top:0;left:0;display:block}
.heat{flex:0 1 auto;height:min(480px,60vh);overflow-x:auto;overflow-y:hidden;position:relative;cursor:crosshair;user-select:none;outline:none}
.sandwich{flex:1;min-height:0;display:grid;grid-template-columns:minmax(250px,32%) minmax(0,1fr);gap:14px}
.sandwich>div{min-height:0;min-width:0;display:flex;flex-direction:column}
#middle{padding:6px 9px;margin:4px 8px;border:1px solid var(--line);border-radius:5px;background:var(--fill);font-size:12.5px;overflow-wrap:anywhere;max-height:90px;overflow-y:auto}
#middle b,#detail b,#tip .name{font-family:${MONO};font-size:12px}
.table{flex:1;min-height:0;display:flex;flex-direction:column}
.grid{flex:1;min-height:90px;overflow:auto;position:relative;border:1px solid var(--line);border-radius:5px;font-size:13px;contain:strict}
.grid .space{position:relative}
.grid .space .row{position:absolute;top:0;left:0;right:0}
.row{display:grid;height:26px;align-items:center;cursor:pointer}
.row.head{position:sticky;top:0;z-index:1;background:var(--fill);border-bottom:1px solid var(--line);cursor:default}
.row>div{padding:0 9px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;position:relative}
.row .n{text-align:right}.row .name span{font-family:${MONO};font-size:12px}.row .name small{color:var(--soft);margin-left:9px;font-size:11.5px}
.row button{border:0;background:none;padding:0;height:24px;color:var(--soft);font-size:12.5px;font-weight:500;max-width:none}
.row [aria-sort=descending] button::after{content:" ↓"}.row [aria-sort=ascending] button::after{content:" ↑"}
.row [aria-sort=descending] button,.row [aria-sort=ascending] button{color:var(--ink)}
.space .row:hover{background:var(--fill)}.grid:focus .row.current{background:var(--fill);box-shadow:inset 2px 0 var(--link)}
.grid>.space>p{padding:6px 9px}
.row i{position:absolute;left:0;top:3px;bottom:3px;background:var(--bar);border-radius:0 2px 2px 0}.row span{position:relative}
.row .more{color:var(--more)}.row .less{color:var(--less)}.row .noise{color:var(--soft)}
#top-table .row{grid-template-columns:96px 120px 96px 120px minmax(200px,1fr)}
#functions .row{grid-template-columns:80px 70px minmax(110px,1fr)}
#diff-table .row{grid-template-columns:96px 96px 200px 96px 96px 200px minmax(180px,1fr);min-width:980px}
footer{flex:none;padding:7px 16px 9px;min-height:52px;border-top:1px solid var(--line);font-size:12.5px}
#detail{overflow-wrap:anywhere;max-height:56px;overflow-y:auto}
#legend{display:flex;flex-wrap:wrap;gap:2px 14px;color:var(--soft);font-size:12px;padding-top:2px}
#legend span{white-space:nowrap}#legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
#tip{position:fixed;z-index:9;left:0;top:0;pointer-events:none;max-width:min(720px,calc(100vw - 16px));background:var(--tip);border:1px solid var(--line);border-radius:5px;padding:6px 10px;font-size:12.5px;box-shadow:0 2px 10px #0002;overflow-wrap:anywhere}
#tip p+p{color:var(--soft)}
details{flex:none;font-size:13px;max-height:45%;overflow:auto}summary{cursor:pointer;color:var(--soft);font-size:12.5px;padding:2px 0}
#path{display:flex;flex-wrap:wrap;list-style:none;gap:2px;padding:4px 0}#path li+li::before{content:"›";color:var(--soft);margin:0 4px 0 2px}
details button{border:0;background:none;padding:0;height:auto;color:var(--link);font-family:${MONO};font-size:12px;text-align:left;max-width:60vw;overflow-wrap:anywhere}
details table{border-collapse:collapse}details th{text-align:left;font-weight:400;padding:2px 16px 2px 0}details thead th{color:var(--soft)}
td.n,th.n{text-align:right;padding:2px 10px;white-space:nowrap}
body[data-tab=top] #legend,body[data-tab=heat] #legend,body[data-tab=diff] #legend{visibility:hidden}
@media (max-width:760px){.sandwich{grid-template-columns:minmax(0,1fr);grid-template-rows:34% minmax(0,1fr)}
header,body>.bars,[role=tablist],[role=tabpanel],footer{padding-left:10px;padding-right:10px}.bars .end{margin-left:0}.help{display:none}
#top-table .row{grid-template-columns:76px 76px minmax(150px,1fr)}#top-table .row>:nth-child(1),#top-table .row>:nth-child(3){display:none}}
@media (max-height:520px){body{height:auto;min-height:100%}main{min-height:340px}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--fill:#f3f3f3}.bars,[role=tablist],.help,details:not([open]){display:none}
body{height:auto}main{display:block}.flame,.grid{height:170mm}footer{border:0}}`;
