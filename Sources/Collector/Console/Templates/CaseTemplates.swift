/// Pages about cases and messages.
enum CaseTemplates {
    static let cases = """
        {{> top}}
        <h1>{{w.cases}}</h1>
        <p class="filters">{{#filters}}<a href="{{link}}"{{#chosen}} aria-current="true"{{/chosen}}>{{word}}</a> {{/filters}}</p>
        {{#rows}}{{#first()}}<ul class="cards wide">{{/first()}}
        <li class="card {{urgency.style}}"><a href="{{link}}">
        <span class="line"><strong>{{title}}</strong><span><span class="badge {{urgency.style}}">{{urgency.word}}</span> <span class="badge {{state.style}}">{{state.word}}</span></span></span>
        <span>{{hostname}} · {{part}}</span>
        <span class="line muted"><span>{{number}}</span><span>{{w.opened}}: {{opened}}</span></span>
        </a></li>
        {{#last()}}</ul>{{/last()}}{{/rows}}
        {{^rows}}<p class="empty">{{w.noCases}}</p>{{/rows}}
        {{#shown}}<p class="filters"><span class="muted">{{.}}</span>{{#previous}} <a href="{{.}}">{{w.previousPage}}</a>{{/previous}}{{#next}} <a href="{{.}}">{{w.nextPage}}</a>{{/next}}</p>{{/shown}}
        {{> bottom}}
        """

    static let rows = """
        {{#cases}}{{#first()}}<ul class="cards wide">{{/first()}}
        <li class="card {{urgency.style}}"><a href="{{link}}">
        <span class="line"><strong>{{title}}</strong><span><span class="badge {{urgency.style}}">{{urgency.word}}</span></span></span>
        <span>{{part}}</span>
        <span class="line muted"><span>{{number}}</span><span>{{w.opened}}: {{opened}}</span></span>
        </a></li>
        {{#last()}}</ul>{{/last()}}{{/cases}}
        {{^cases}}<p class="empty">{{w.noCases}}</p>{{/cases}}

        """

    static let one = """
        {{> top}}
        <p class="path"><a href="/cases">{{w.cases}}</a> / {{number}}</p>
        <h1>{{title}}</h1>
        <p><span class="badge {{urgency.style}}">{{urgency.word}}</span> <span class="badge {{state.style}}">{{state.word}}</span> <a href="{{serverLink}}">{{hostname}}</a></p>
        {{#isTest}}<p class="notice">{{w.testNote}}</p>{{/isTest}}
        {{#perhapsOrdered}}<p class="warning">{{.}}</p>{{/perhapsOrdered}}
        {{#declarations}}<p class="warning">{{.}}</p>{{/declarations}}
        {{#closedBecause}}<p><strong>{{w.closed}}:</strong> {{.}}</p>{{/closedBecause}}
        {{^isTest}}{{#isOpen}}<p>{{meaning}}</p>{{/isOpen}}{{/isTest}}
        <div class="columns">
        <div>
        {{#namesPart}}
        <section class="group"><h2>{{w.part}}</h2>
        <dl class="fields">{{#fields}}<div><dt>{{label}}</dt><dd>{{value}}</dd></div>{{/fields}}</dl>
        {{#serial}}<p class="warning">{{w.serialWarning}} <strong><code>{{.}}</code></strong></p>{{/serial}}
        {{^serial}}<p class="warning">{{w.noSerialWarning}}</p>{{/serial}}
        {{#isOpen}}<p><strong>{{w.timeLeft}}:</strong> {{timeLeft}}</p>{{/isOpen}}
        </section>
        {{/namesPart}}
        {{#faults}}
        <section class="group"><h2>{{title}}{{^isOpen}} <small>{{w.closed}}</small>{{/isOpen}}</h2>
        {{#description}}<p>{{.}}</p>{{/description}}
        {{#action}}<p><strong>{{w.whatToDo}}:</strong> {{.}}</p>{{/action}}
        {{#impact}}<p><strong>{{w.impact}}:</strong> {{.}}</p>{{/impact}}
        {{#because}}<p><strong>{{w.because}}:</strong> {{.}}</p>{{/because}}
        {{#provenance}}<p class="muted">{{w.provenance}}: {{.}}</p>{{/provenance}}
        </section>
        {{/faults}}
        {{#evidence}}{{#first()}}<section class="group"><h2>{{w.evidence}}</h2><div class="scroll"><table class="list"><thead><tr><th>{{w.signal}}</th><th>{{w.value}}</th><th>{{w.time}}</th></tr></thead><tbody>{{/first()}}
        <tr><td><code>{{signal}}</code><br><span class="muted">{{component}}</span></td><td>{{value}}</td><td>{{time}}</td></tr>
        {{#last()}}</tbody></table></div></section>{{/last()}}{{/evidence}}
        {{#suspects}}{{#first()}}<section class="group"><h2>{{w.otherSuspects}}</h2><dl class="fields">{{/first()}}<div><dt>{{label}}</dt><dd>{{value}}</dd></div>{{#last()}}</dl></section>{{/last()}}{{/suspects}}
        </div>
        <div>
        {{#isOpen}}
        <section class="group forms">
        {{#mayAcknowledge}}
        <form method="post" action="{{link}}/acknowledge"><h2>{{w.acknowledge}}</h2><p class="muted">{{w.acknowledgeHelp}}</p>
        <input type="hidden" name="csrf" value="{{frame.csrf}}">
        <label for="ack">{{w.reason}}</label><input id="ack" name="because" required maxlength="500">
        <button>{{w.acknowledge}}</button></form>
        {{/mayAcknowledge}}
        <form method="post" action="{{link}}/close"><h2>{{w.close}}</h2><p class="muted">{{#isTest}}{{w.closeTestHelp}}{{/isTest}}{{^isTest}}{{w.closeHelp}}{{/isTest}}</p>
        <input type="hidden" name="csrf" value="{{frame.csrf}}">
        <label for="close">{{w.reason}}</label><input id="close" name="because" required maxlength="500">
        <button class="second">{{w.close}}</button></form>
        {{#mayDeclare}}
        <form method="post"><h2>{{w.declare}}</h2><p class="muted">{{w.declareHelp}}</p>
        <input type="hidden" name="csrf" value="{{frame.csrf}}">
        <label for="declare">{{w.reason}}</label><input id="declare" name="because" required maxlength="500">
        <button formaction="{{link}}/replaced">{{w.replaced}}</button>
        <button class="second" formaction="{{link}}/repaired">{{w.repaired}}</button>
        <button class="second" formaction="{{link}}/acquitted">{{w.acquitted}}</button></form>
        {{/mayDeclare}}
        </section>
        {{/isOpen}}
        <section class="group"><h2>{{w.delivery}}</h2>
        {{#unheard}}<p class="refusal">{{.}}</p>{{/unheard}}
        {{^deliveries}}<p class="muted">{{w.noDeliveries}}</p>{{/deliveries}}
        <ul class="steps">
        {{#deliveries}}<li><span class="line"><strong>{{recipient}}</strong><span class="badge {{badge.style}}">{{badge.word}}</span></span>
        <span class="muted">{{event}} · {{time}} · {{w.attempts}}: {{attempts}}{{#insteadOf}} · ↪ {{.}}{{/insteadOf}}</span>
        {{#reference}}<span class="muted">{{w.reference}}: {{.}}</span>{{/reference}}
        {{#error}}<span class="refusal">{{.}}</span>{{/error}}</li>{{/deliveries}}
        </ul>
        {{#mayResend}}
        <form method="post" action="{{link}}/resend"><p class="muted">{{w.resendHelp}}</p>
        <input type="hidden" name="csrf" value="{{frame.csrf}}">
        <label for="resend">{{w.reason}}</label><input id="resend" name="because" required maxlength="500">
        <button class="second">{{w.resend}}</button></form>
        {{/mayResend}}
        </section>
        {{#work}}{{#first()}}<section class="group"><h2>{{w.work}}</h2><ul class="steps">{{/first()}}
        <li><span class="line"><strong>{{kind}}</strong><time class="muted">{{time}}</time></span><span>{{why}}</span><span class="muted">{{author}}</span>{{#notApplied}}<span class="refusal">{{w.notApplied}}: {{.}}</span>{{/notApplied}}</li>
        {{#last()}}</ul></section>{{/last()}}{{/work}}
        <section class="group"><h2>{{w.history}}</h2>
        <ul class="steps">
        {{#steps}}<li><span class="line"><strong>{{kind}}</strong><time class="muted">{{time}}</time></span><span>{{because}}</span><span class="muted">{{by}}</span></li>{{/steps}}
        </ul></section>
        </div>
        </div>
        {{> bottom}}
        """

    static let delivery = """
        {{> top}}
        <h1>{{w.delivery}}</h1>
        {{^rows}}<p class="refusal">{{w.noRecipients}}</p>{{/rows}}
        <ul class="cards">
        {{#rows}}<li class="card {{#badge}}{{style}}{{/badge}}{{^badge}}good{{/badge}}"><span class="body">
        <span class="line"><strong>{{name}}</strong>{{#badge}}<span class="badge {{style}}">{{word}}</span>{{/badge}}</span>
        <span class="muted">{{channel}}</span>
        <span>{{w.waiting}}: {{waiting}}{{#refused}} ({{w.refused}}: {{.}}){{/refused}} · {{w.delivered}}: {{delivered}}</span>
        <span class="muted">{{w.lastDelivered}}: {{lastDelivered}}</span>
        {{#error}}<span class="refusal">{{w.lastError}}: {{.}}</span>{{/error}}
        {{#nextAttempt}}<span class="muted">{{w.nextAttempt}}: {{.}}</span>{{/nextAttempt}}
        </span>
        <form method="post" class="body"><input type="hidden" name="csrf" value="{{frame.csrf}}">
        {{#isOwed}}<button class="second" formaction="{{link}}/try" formnovalidate>{{w.tryNow}}</button>{{/isOwed}}
        <label>{{w.reason}} <input name="because" required maxlength="500"></label>
        <button class="second" formaction="{{link}}/catch-up">{{w.catchUp}}</button>
        {{#isOwed}}<button class="second" formaction="{{link}}/drop">{{w.drop}}</button>{{/isOwed}}</form></li>{{/rows}}
        </ul>
        {{#rows}}{{#first()}}<p class="muted">{{w.recipientHelp}}</p>{{/first()}}{{/rows}}
        {{> bottom}}
        """
}
