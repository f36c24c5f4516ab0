// The report's style: readable in light and dark, on paper and on a telephone.

export const style = `
:root{color-scheme:light dark;--bg:#f7f7f5;--card:#fff;--ink:#1c1e21;--soft:#62676f;--rule:#dfe1e4;--c1:#2563c9;--c2:#c2570c;--c3:#0f7d5c;--wrong:#c2361c;--on:#fff}
@media (prefers-color-scheme:dark){:root{--bg:#15171a;--card:#1e2125;--ink:#e8e9eb;--soft:#9aa0a8;--rule:#34383e;--c1:#7fb0ff;--c2:#ffab6b;--c3:#58cfa5;--wrong:#ff8a70;--on:#10131a}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1020px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:24px;margin:0 0 2px;overflow-wrap:anywhere}
h2{font-size:18px;margin:36px 0 10px}
h3{font-size:15px;margin:20px 0 6px}
p{margin:6px 0;color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:12px;margin:18px 0}
.facts div{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 16px;min-width:120px}
.facts b{display:block;font-size:22px;font-variant-numeric:tabular-nums}
.facts span{color:var(--soft);font-size:13px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(400px,100%),1fr));gap:14px}
figure{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 14px}
figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 16px;font-weight:600;margin-bottom:4px}
.legend{font-weight:400;font-size:13px;color:var(--soft);display:flex;gap:14px}
.legend i{display:inline-block;width:12px;height:3px;border-radius:2px;margin:0 6px 3px 0;background:currentColor}
.legend i.c1{background:var(--c1)}.legend i.c2{background:var(--c2)}.legend i.c3{background:var(--c3)}
svg{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg text{fill:var(--soft);font-variant-numeric:tabular-nums}
.grid{stroke:var(--rule)}
.mark{stroke:var(--soft);stroke-dasharray:3 4}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}.line.c3{stroke:var(--c3)}
.dot.c1{fill:var(--c1)}.dot.c2{fill:var(--c2)}.dot.c3{fill:var(--c3)}
.bar{fill:var(--c1)}
.error{color:var(--wrong)}
.shots{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px;margin:12px 0}
.shots figure{padding:8px}
.shots img{display:block;width:100%;height:auto;border-radius:4px;image-rendering:auto}
.shots figcaption{display:block;font-weight:400;font-size:13px;margin:6px 0 0;overflow-wrap:anywhere}
.shots span{display:block;color:var(--soft)}
.beside{display:flex;flex-wrap:wrap;gap:0 28px;align-items:flex-start}
.beside>*{max-width:100%}
.matrix{margin-top:20px}
.matrix svg{max-width:100%}
.right{fill:var(--c1)}.wrong{fill:var(--wrong)}
svg text.on{fill:var(--on)}svg text.off{fill:var(--ink)}
.wide{overflow-x:auto}
table{border-collapse:collapse;background:var(--card);border:1px solid var(--rule);border-radius:8px;font-size:14px}
th,td{padding:4px 14px;text-align:left;border-top:1px solid var(--rule);vertical-align:top}
thead th{border-top:0;color:var(--soft);font-weight:600}
.number{text-align:right;font-variant-numeric:tabular-nums}
td.text{overflow-wrap:anywhere}
details summary{cursor:pointer;color:var(--soft)}
@media print{body{background:#fff}figure,table{break-inside:avoid}}
`;
