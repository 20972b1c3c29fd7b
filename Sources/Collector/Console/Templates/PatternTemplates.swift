/// Pages about channels of fault patterns.
enum PatternTemplates {
    static let patterns = """
        {{> top}}
        <h1>{{w.patterns}}</h1>
        {{^channels}}<div class="empty"><p>{{w.noChannels}}</p><p class="muted">{{w.howToChannel}}</p></div>{{/channels}}
        {{#channels}}<section class="group">
        <h2>{{name}} <span class="badge {{badge.style}}">{{badge.word}}</span></h2>
        {{#refusal}}<p class="refusal">{{.}}</p><p class="muted">{{w.goesOn}}</p>{{/refusal}}
        {{#warnings}}<p class="muted">{{.}}</p>{{/warnings}}
        <dl class="facts">
        {{#running}}{{#first()}}<div><dt>{{w.runs}}</dt><dd><ul class="plain">{{/first()}}<li>{{.}}</li>{{#last()}}</ul></dd></div>{{/last()}}{{/running}}
        <div><dt>{{w.newest}}</dt><dd>{{#version}}{{.}}{{/version}}{{^version}}–{{/version}}</dd></div>
        <div><dt>{{w.signatures}}</dt><dd>{{signatures}}</dd></div>
        {{#expires}}<div><dt>{{w.newerBy}}</dt><dd>{{.}}</dd></div>{{/expires}}
        <div><dt>{{w.source}}</dt><dd><code>{{source}}</code></dd></div>
        </dl>
        <p class="muted">{{w.guard}}</p>
        {{#packs}}{{#first()}}<ul class="steps">{{/first()}}<li><span><strong>{{name}}</strong> {{text}}</span><span class="muted">SHA-256 <code>{{sha256}}</code></span></li>{{#last()}}</ul>{{/last()}}{{/packs}}
        {{#withdrawals}}{{#first()}}<h3>{{w.withdrawn}}</h3><ul class="steps">{{/first()}}<li><span class="line"><strong>{{pattern}}</strong></span><span>{{because}}</span></li>{{#last()}}</ul>{{/last()}}{{/withdrawals}}
        {{#rollout}}<h3>{{title}} <span class="badge {{badge.style}}">{{badge.word}}</span></h3>
        <p>{{sentence}} <span class="muted">{{w.since}} {{since}}</span></p>
        {{#rule}}<p class="muted">{{.}}</p>{{/rule}}
        {{#decision}}<p class="muted">{{.}}</p>{{/decision}}
        {{#figures}}{{#first()}}<div class="scroll"><table class="list"><thead><tr><th>{{w.pattern}}</th><th>{{w.foretold}}</th><th>{{w.came}}</th></tr></thead><tbody>{{/first()}}
        <tr><td>{{#title}}<strong>{{.}}</strong> {{/title}}<code>{{pattern}}</code>{{#urgency}} <span class="badge {{style}}">{{word}}</span>{{/urgency}}{{#description}}<br><span class="muted">{{.}}</span>{{/description}}</td><td>{{foretold}}</td><td>{{came}}</td></tr>
        {{#last()}}</tbody></table></div>{{/last()}}{{/figures}}
        {{#leftOutFigures}}<p class="muted">{{.}}</p>{{/leftOutFigures}}
        {{#choices}}{{#first()}}<h3>{{w.decide}}</h3><form method="post" class="forms"><input type="hidden" name="csrf" value="{{frame.csrf}}">
        <label>{{w.reason}} <input name="because" required maxlength="500"></label><ul class="steps choices">{{/first()}}<li><button class="second" formaction="{{link}}">{{word}}</button><span class="muted">{{text}}</span></li>{{#last()}}</ul></form>{{/last()}}{{/choices}}
        {{#behind}}{{#first()}}<h3>{{w.behind}}</h3><ul class="steps">{{/first()}}<li><span class="line"><a href="{{link}}"><strong>{{hostname}}</strong></a><span>{{because}}</span></span>{{#status}}<span class="muted">{{running}}</span>{{#forecast}}<span class="muted">{{.}}</span>{{/forecast}}{{/status}}</li>{{#last()}}</ul>{{/last()}}{{/behind}}
        {{#leftOut}}<p class="muted">{{.}}</p>{{/leftOut}}
        {{/rollout}}
        </section>{{/channels}}
        {{#asks}}<form method="post" action="/patterns/update"><input type="hidden" name="csrf" value="{{frame.csrf}}"><button class="second">{{w.askSources}}</button> <span class="muted">{{w.askSourcesHelp}}</span></form>{{/asks}}
        {{> bottom}}
        """
}
