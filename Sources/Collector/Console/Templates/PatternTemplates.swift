/// Pages about channels of fault patterns.
enum PatternTemplates {
    static let patterns = """
        {{> top}}
        <h1>{{w.patterns}}</h1>
        {{^channels}}<div class="empty"><p>{{w.noChannels}}</p><p class="muted">{{w.howToChannel}}</p></div>{{/channels}}
        {{#channels}}<section class="group">
        <h2>{{name}} <span class="badge {{badge.style}}">{{badge.word}}</span></h2>
        <dl class="facts">
        <div><dt>{{w.version}}</dt><dd>{{#version}}{{.}}{{/version}}{{^version}}–{{/version}}</dd></div>
        {{#taken}}<div><dt>{{w.since}}</dt><dd>{{.}}</dd></div>{{/taken}}
        <div><dt>{{w.source}}</dt><dd><code>{{source}}</code></dd></div>
        <div><dt>{{w.lastAsked}}</dt><dd>{{asked}}</dd></div>
        {{#expires}}<div><dt>{{w.newerBy}}</dt><dd>{{.}}</dd></div>{{/expires}}
        </dl>
        {{#refusal}}<p class="refusal">{{.}}</p><p class="muted">{{w.goesOn}}</p>{{/refusal}}
        {{#warnings}}<p class="muted">{{.}}</p>{{/warnings}}
        {{#packs}}{{#first()}}<ul class="steps">{{/first()}}<li><span class="line"><strong>{{name}}</strong><span>{{text}}</span></span><span class="muted"><code>{{sha256}}…</code></span></li>{{#last()}}</ul>{{/last()}}{{/packs}}
        {{#withdrawals}}{{#first()}}<h3>{{w.withdrawn}}</h3><ul class="steps">{{/first()}}<li><span class="line"><strong>{{pattern}}</strong></span><span>{{because}}</span></li>{{#last()}}</ul>{{/last()}}{{/withdrawals}}
        {{#running}}{{#first()}}<h3>{{w.whoRuns}}</h3><ul class="steps">{{/first()}}<li>{{.}}</li>{{#last()}}</ul>{{/last()}}{{/running}}
        {{#rollout}}<h3>{{w.onItsWay}} <span class="badge {{badge.style}}">{{badge.word}}</span></h3>
        <p>{{sentence}} <span class="muted">{{w.since}} {{since}}</span></p>
        {{#decision}}<p class="muted">{{.}}</p>{{/decision}}
        {{#figures}}{{#first()}}<div class="scroll"><table class="list"><thead><tr><th>{{w.pattern}}</th><th>{{w.foretold}}</th><th>{{w.came}}</th></tr></thead><tbody>{{/first()}}
        <tr><td><code>{{pattern}}</code>{{#urgency}} <span class="badge {{style}}">{{word}}</span>{{/urgency}}</td><td>{{foretold}}</td><td>{{came}}</td></tr>
        {{#last()}}</tbody></table></div>{{/last()}}{{/figures}}
        {{#leftOutFigures}}<p class="muted">{{.}}</p>{{/leftOutFigures}}
        {{#behind}}{{#first()}}<h3>{{w.behind}}</h3><ul class="steps">{{/first()}}<li><span class="line"><a href="{{link}}"><strong>{{hostname}}</strong></a><span>{{because}}</span></span>{{#status}}<span class="muted">{{running}}</span>{{#forecast}}<span class="muted">{{.}}</span>{{/forecast}}{{/status}}</li>{{#last()}}</ul>{{/last()}}{{/behind}}
        {{#leftOut}}<p class="muted">{{.}}</p>{{/leftOut}}
        <form method="post" class="forms"><input type="hidden" name="csrf" value="{{frame.csrf}}"><p class="muted">{{w.rolloutHelp}}</p>
        <label>{{w.reason}} <input name="because" required maxlength="500"></label>
        <p>{{#mayGoOn}}<button formaction="{{link}}/rollout">{{w.goOn}}</button> {{/mayGoOn}}{{#mayHalt}}<button class="second" formaction="{{link}}/halt">{{w.halt}}</button> {{/mayHalt}}{{#mayReturn}}<button class="second" formaction="{{link}}/rollback">{{w.takeBack}}</button>{{/mayReturn}}</p></form>
        {{/rollout}}
        </section>{{/channels}}
        {{> bottom}}
        """
}
