/// Pages about servers.
enum FleetTemplates {
    static let fleet = """
        {{> top}}
        <h1>{{w.servers}}</h1>
        {{#counts}}{{#first()}}<p class="counts">{{/first()}}<span class="badge {{badge.style}}">{{badge.word}} <b>{{count}}</b></span>{{#last()}}</p>{{/last()}}{{/counts}}
        {{^rows}}<div class="empty"><p>{{w.noServers}}</p><p class="muted">{{w.howToEnrol}}</p></div>{{/rows}}
        <ul class="cards">
        {{#rows}}
        <li class="card {{badge.style}}"><a href="{{link}}">
        <span class="line"><strong>{{hostname}}</strong><span class="badge {{badge.style}}">{{badge.word}}</span></span>
        <span class="muted">{{model}}</span>
        <span>{{because}}</span>
        {{#clock}}<span class="refusal">{{.}}</span>{{/clock}}
        <span class="line muted"><span>{{w.lastHeard}}: {{lastHeard}}</span><span>{{w.openCases}}: {{openCases}}</span></span>
        </a></li>
        {{/rows}}
        </ul>
        {{> bottom}}
        """

    static let server = """
        {{> top}}
        <p class="path"><a href="/servers">{{w.servers}}</a></p>
        <h1>{{hostname}} <span class="badge {{badge.style}}">{{badge.word}}</span></h1>
        <p>{{because}}</p>
        {{#clock}}<p class="refusal">{{.}}</p>{{/clock}}
        <dl class="facts">
        <div><dt>{{w.model}}</dt><dd>{{chassis}}</dd></div>
        <div><dt>{{w.lastHeard}}</dt><dd>{{lastHeard}}</dd></div>
        <div><dt>Agent</dt><dd>{{agent}}</dd></div>
        <div><dt>ID</dt><dd><code>{{host}}</code></dd></div>
        </dl>
        <h2>{{w.openCases}}</h2>
        {{> caseRows}}
        <h2>{{w.readings}} <small>{{w.lastDay}}</small></h2>
        {{^groups}}<p class="empty">{{w.noReadings}}</p>{{/groups}}
        <div class="groups">
        {{#groups}}
        <section class="group"><h3>{{name}} <small>{{kind}}</small></h3>
        <table class="readings"><tbody>
        {{#rows}}<tr><th scope="row"><code>{{signal}}</code></th><td class="number{{#stale}} unread{{/stale}}">{{value}}</td><td class="spark">{{#path}}<svg viewBox="0 0 120 28" role="img" aria-label="{{range}}"><title>{{range}}</title><path d="{{.}}"/></svg>{{/path}}</td></tr>{{/rows}}
        </tbody></table></section>
        {{/groups}}
        </div>
        {{#more}}<p class="muted">{{.}}</p>{{/more}}
        {{#failureModes}}<h2>{{w.failureModes}}</h2>
        <p>{{sentence}}</p>
        <p class="counts">{{#counts}}<span class="badge {{badge.style}}">{{badge.word}} <b>{{count}}</b></span>{{/counts}}</p>
        {{#tasks}}{{#first()}}<section class="group"><h3>{{w.toDo}}</h3><ol class="tasks">{{/first()}}
        <li><strong>{{because}}</strong> <span class="badge unknown">{{hides}}</span><p>{{step}}</p></li>
        {{#last()}}</ol></section>{{/last()}}{{/tasks}}
        {{#accepted}}{{#first()}}<section class="group"><h3>{{w.accepted}}</h3><ul class="steps">{{/first()}}
        <li><span class="line"><strong>{{title}}</strong><span class="badge {{badge.style}}">{{badge.word}}</span></span><span>{{because}}</span><span class="muted">{{accepted}}</span></li>
        {{#last()}}</ul></section>{{/last()}}{{/accepted}}
        {{#mayAccept}}<p><a href="{{link}}/blind-spots">{{w.acceptLink}}</a></p>{{/mayAccept}}
        <div class="kinds">
        {{#groups}}<details class="kind"><summary><strong>{{name}}</strong><span class="tally">{{#counts}}<span class="badge {{badge.style}}">{{badge.word}} <b>{{count}}</b></span>{{/counts}}</span></summary>
        {{#rows}}{{#first()}}<ul class="steps">{{/first()}}<li><span class="line"><span>{{title}}</span><span class="badge {{badge.style}}">{{badge.word}}{{#share}}: {{.}}{{/share}}</span></span>{{#reasons}}<span class="muted">{{text}}{{#places}} ({{.}}){{/places}}</span>{{/reasons}}</li>{{#last()}}</ul>{{/last()}}{{/rows}}
        {{#leftOut}}<p class="muted">{{.}}</p>{{/leftOut}}
        {{#seenTitles}}<p class="muted"><b>{{w.seen}}:</b> {{.}}</p>{{/seenTitles}}
        </details>{{/groups}}
        </div>{{/failureModes}}
        <h2>{{w.coverage}}</h2>
        {{#troubles}}{{#first()}}<ul class="steps group">{{/first()}}<li><span class="line"><strong>{{probe}}</strong><span class="badge {{badge.style}}">{{badge.word}}</span></span>{{#remark}}<span>{{.}}</span>{{/remark}}</li>{{#last()}}</ul>{{/last()}}{{/troubles}}
        {{#coverage}}{{#first()}}<details class="kind"><summary><strong>{{probes}}</strong></summary><ul class="steps">{{/first()}}<li><span class="line"><strong>{{probe}}</strong><span class="badge {{badge.style}}">{{badge.word}}</span></span><span class="muted">{{tally}}{{#remark}} · {{.}}{{/remark}}</span></li>{{#last()}}</ul></details>{{/last()}}{{/coverage}}
        {{^heard}}<p class="empty">{{w.noCoverage}}</p>{{/heard}}
        {{#channels}}{{#first()}}<h2>{{w.patterns}}</h2><ul class="steps group">{{/first()}}<li><span class="line"><strong>{{channel}}</strong><span>{{running}}</span></span>{{#candidate}}<span>{{.}}</span>{{/candidate}}{{#forecast}}<span class="muted">{{.}}</span>{{/forecast}}{{#refused}}<span class="refusal">{{.}}</span>{{/refused}}{{#warnings}}<span class="muted">{{.}}</span>{{/warnings}}</li>{{#last()}}</ul>{{/last()}}{{/channels}}
        <h2>{{w.inventory}}</h2>
        {{^parts}}<p class="empty">{{w.noInventory}}</p>{{/parts}}
        {{#parts}}{{#first()}}<div class="scroll"><table class="list"><thead><tr><th>{{w.part}}</th><th>{{w.location}}</th><th>{{w.model}}</th><th>{{w.serial}}</th></tr></thead><tbody>{{/first()}}
        <tr><td>{{name}}</td><td>{{location}}</td><td>{{model}}</td><td><code>{{serial}}</code></td></tr>
        {{#last()}}</tbody></table></div>{{/last()}}{{/parts}}
        {{#moreParts}}<p class="muted">{{.}}</p>{{/moreParts}}
        {{#events}}{{#first()}}<h2>{{w.events}}</h2><ul class="steps">{{/first()}}<li><time>{{time}}</time> {{because}}</li>{{#last()}}</ul>{{/last()}}{{/events}}
        {{> bottom}}
        """

    static let blindSpots = """
        {{> top}}
        <p class="path"><a href="/servers">{{w.servers}}</a> / <a href="{{link}}">{{hostname}}</a></p>
        <h1>{{w.blindSpots}}</h1>
        <p>{{w.acceptHelp}}</p>
        {{^open}}<p class="empty">{{w.noBlindSpots}}</p>{{/open}}
        {{#open}}{{#first()}}<section class="group forms"><form method="post" action="{{link}}/blind-spots/accept">
        <input type="hidden" name="csrf" value="{{frame.csrf}}"><ul class="steps ticks">{{/first()}}
        <li><label><input type="checkbox" name="names[]" value="{{name}}"><span class="line"><strong>{{title}}</strong><span class="badge {{badge.style}}">{{badge.word}}</span></span></label>{{#reasons}}<span class="muted">{{.}}</span>{{/reasons}}</li>
        {{#last()}}</ul>{{#leftOut}}<p class="muted">{{.}}</p>{{/leftOut}}
        <label for="accept">{{w.reason}}</label><input id="accept" name="because" required maxlength="500">
        <p><button>{{w.accept}}</button> <button class="second" name="all" value="true">{{w.acceptAll}}</button></p></form></section>{{/last()}}{{/open}}
        {{#accepted}}{{#first()}}<h2>{{w.accepted}}</h2><section class="group forms"><form method="post" action="{{link}}/blind-spots/withdraw">
        <input type="hidden" name="csrf" value="{{frame.csrf}}"><ul class="steps ticks">{{/first()}}
        <li><label><input type="checkbox" name="names[]" value="{{name}}"><span class="line"><strong>{{title}}</strong><span class="badge {{badge.style}}">{{badge.word}}</span></span></label><span>{{because}}</span><span class="muted">{{accepted}}</span></li>
        {{#last()}}</ul>
        <label for="withdraw">{{w.reason}}</label><input id="withdraw" name="because" required maxlength="500">
        <button class="second">{{w.withdraw}}</button></form></section>{{/last()}}{{/accepted}}
        {{> bottom}}
        """
}
