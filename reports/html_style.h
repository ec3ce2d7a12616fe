/* reports/html_style.h: how the page looks: one column, figures two abreast, for screens of any width and
 * paper. Colours of plots are those of PLOT_COLORS; these are the page's own. Contrast of text is 4.5 : 1 or
 * more. */
#pragma once

#define HTML_LIGHT                                                                                           \
    "--page:#ffffff;--panel:#f6f8fa;--line:#d5dae0;--link:#0759a0;--good:#0f6a3d;--good-back:#e3f6ea;"       \
    "--bad:#a8300a;--bad-back:#fdebe3;--shadow:#8d98a5;"
#define HTML_DARK                                                                                            \
    "--page:#0f141a;--panel:#171d25;--line:#2f3742;--link:#6cb8f7;--good:#63d297;--good-back:#12301f;"       \
    "--bad:#f59d72;--bad-back:#3a1d10;--shadow:#6b7886;"

#define HTML_STYLE                                                                                           \
    "*{box-sizing:border-box}\n"                                                                             \
    "body{margin:0;background:var(--page);color:var(--ink);"                                                 \
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"                    \
    "main{max-width:1180px;margin:0 auto;padding:24px 20px 64px}\n"                                          \
    "h1{font-size:1.7rem;line-height:1.2;margin:.4em 0 .5em}\n"                                              \
    "h2{font-size:1.35rem;margin:2.2em 0 .4em;padding-top:.7em;border-top:1px solid var(--line)}\n"          \
    "h3{font-size:1.05rem;margin:1.8em 0 .5em}\n"                                                            \
    "h4{font-size:.95rem;margin:0 0 .2em}\n"                                                                 \
    "p{max-width:78ch;margin:.6em 0}\n"                                                                      \
    "a{color:var(--link)}\n"                                                                                 \
    ".verdict{max-width:none;border-left:6px solid;border-radius:6px;padding:14px 18px;font-size:1.08rem}\n" \
    ".verdict strong{display:inline-block;margin-right:.6em;letter-spacing:.02em}\n"                         \
    ".verdict.pass{border-color:var(--good);background:var(--good-back)}\n"                                  \
    ".verdict.miss{border-color:var(--bad);background:var(--bad-back)}\n"                                    \
    ".verdict.open{border-color:var(--soft);background:var(--shade)}\n"                                      \
    ".verdict.pass strong{color:var(--good)}.verdict.miss strong{color:var(--bad)}\n" /* A shadow at the     \
                                                                                         side where there is \
                                                                                         more: it stays,     \
                                                                                         what hides it       \
                                                                                         scrolls along. */   \
    ".scroll{overflow-x:auto;margin:.8em 0 1.2em;background:"                                                \
    "linear-gradient(90deg,var(--page) 30%,transparent) 0 0,"                                                \
    "linear-gradient(270deg,var(--page) 30%,transparent) 100% 0,"                                            \
    "linear-gradient(90deg,var(--shadow),transparent) 0 0,"                                                  \
    "linear-gradient(270deg,var(--shadow),transparent) 100% 0;background-repeat:no-repeat;"                  \
    "background-size:48px 100%,48px 100%,16px 100%,16px 100%;"                                               \
    "background-attachment:local,local,scroll,scroll}\n"                                                     \
    "table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}\n"                  \
    "th,td{padding:6px 12px;text-align:left;vertical-align:bottom;border-bottom:1px solid var(--line)}\n"    \
    "td{white-space:nowrap}\n"                                                                               \
    "th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line)}\n"                            \
    "tbody tr:hover{background:var(--panel)}\n"                                                              \
    ".n{text-align:right}\n"                                                                                 \
    "td.pass span{color:var(--good)}td.miss{color:var(--bad);font-weight:600}\n"                             \
    "td span{display:inline-block;width:1em;text-align:center}\n"                                            \
    "pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:12px 14px;"          \
    "overflow-x:auto;font-size:.85rem;line-height:1.45}\n"                                                   \
    "code{font-family:ui-monospace,'DejaVu Sans Mono',monospace}\n"                                          \
    ".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));"             \
    "gap:26px 32px;margin:1.2em 0}\n"                                                                        \
    "figure{margin:0;min-width:0}\n"                                                                         \
    "figure svg{display:block;width:100%;height:auto}\n"                                                     \
    "figure svg text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"      \
    "figcaption{color:var(--soft);font-size:.85rem;line-height:1.4;max-width:68ch}\n"                        \
    "details{border:1px solid var(--line);border-radius:6px;padding:0 14px;margin:10px 0}\n"                 \
    "summary{cursor:pointer;font-weight:600;padding:9px 0}\n"                                                \
    "@media (max-width:600px){main{padding:12px 14px 40px}h1{font-size:1.4rem}th,td{padding:5px 8px}}\n"     \
    "@media print{main{max-width:none;padding:0}body{font-size:10pt}figure,tr,.verdict{break-inside:avoid}"  \
    ".scroll{overflow:visible}h2{break-before:page}h2:first-of-type{break-before:avoid}"                     \
    "details::details-content{content-visibility:visible;display:block}"                                     \
    ".figures{grid-template-columns:1fr 1fr}td{white-space:normal}}\n"
