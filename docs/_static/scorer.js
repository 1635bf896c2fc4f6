// Guides come before scenarios, decisions and lists of names where a search finds both.
var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: function (result) {
    var page = result[0];
    var score = result[4];
    if (/^(scenarios|decisions|code|changelog)/.test(page)) return score / 10;
    if (/^guides\/(coming-from|migration|second)/.test(page)) return score;
    if (/^(guides|start|cookbook|examples|tutorial)/.test(page)) return score + 20;
    return score;
  },
};
