"""The style sheet of a report, for light and dark screens and for paper."""

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light dark; --line: #ddd; --soft: #555; --warn: #fff7e0; --well: #e8f6ef }
@media (prefers-color-scheme: dark) {
  :root { --line: #444; --soft: #aaa; --warn: #3a3115; --well: #153327 }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem; margin-bottom: 0 }
h2 { font-size: 1.3rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 0 0 .3rem }
p { max-width: 46rem }
table { border-collapse: collapse }
th, td { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top }
th { font-weight: 600 }
th[scope=row] { min-width: 11rem }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
figure { margin: 0; min-width: 0 }
figcaption, .soft { color: var(--soft); font-size: .9rem }
.views { display: flex; flex-wrap: wrap; gap: 1.8rem 2rem; margin: 1rem 0 2rem }
.views figure { flex: 0 1 24.5rem }
.views img { image-rendering: pixelated; display: block; max-width: 100% }
.views figcaption { margin-top: .3rem; overflow-wrap: break-word }
.planes { gap: 1.2rem }
.planes figure { flex: 0 1 auto; max-width: 24.5rem }
.scale { display: flex; align-items: center; gap: .5rem; font-variant-numeric: tabular-nums }
.bar { flex: 1; min-width: 2rem; height: .6rem; max-width: 12rem; border: 1px solid var(--line) }
.values { background: linear-gradient(to right, #440154, #414487, #2a788e, #22a884, #7ad151, #fde725) }
.greys { background: linear-gradient(to right, #fff, #000) }
.course { max-width: 38rem; margin-top: 1rem }
svg { width: 100%; height: auto }
svg text { fill: currentColor }
ul.advice, ul.well { margin: 1rem 0; border-left: 4px solid; padding: .8rem 1rem .8rem 2rem }
ul.advice { background: var(--warn); border-color: #e69f00 }
ul.well { background: var(--well); border-color: #009e73 }
.swatch { display: inline-block; width: 1em; height: 1em; vertical-align: -.15em; margin-right: .4em }
code { font-size: .9em; word-break: break-all }
@media (max-width: 40rem) {
  th, td { padding-right: .6rem }
  td.n { white-space: normal }
  th[scope=row] { min-width: 0 }
}
@media print {
  body { margin: 0; max-width: none; font-size: 11pt }
  h2 { margin-top: 1.5rem }
  h2, h3, h3 + p { break-after: avoid }
  figure, tr, ul { break-inside: avoid }
  .views { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem 1.5rem }
  .views figure { max-width: none }
  .bar, .swatch, ul { print-color-adjust: exact }
}
"""
