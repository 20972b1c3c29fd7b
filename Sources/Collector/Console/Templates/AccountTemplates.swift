/// The page of logins.
enum AccountTemplates {
    static let accounts = """
        {{> top}}
        <h1>{{w.accounts}}</h1>
        <p class="muted">{{w.accountsHelp}}</p>
        {{#rows}}<section class="group"><h2>{{name}}</h2>
        <p class="muted">{{w.since}}: {{since}}</p>
        <ul class="steps">
        {{#logins}}<li><span class="line"><strong>{{kind}}</strong><form method="post" action="{{link}}"><input type="hidden" name="csrf" value="{{frame.csrf}}"><button class="second">{{w.endLogin}}</button></form></span>
        <span>{{note}}</span><span class="muted">{{w.since}}: {{since}} · {{w.until}}: {{until}}</span></li>{{/logins}}
        </ul>
        {{^logins}}<p class="muted">{{w.noLogins}}</p>{{/logins}}
        <form method="post" action="{{link}}/end"><input type="hidden" name="csrf" value="{{frame.csrf}}"><button class="second">{{w.endLogins}}</button></form>
        {{#mayRemove}}<form method="post" action="{{link}}/remove"><input type="hidden" name="csrf" value="{{frame.csrf}}"><button class="second">{{w.removeAccount}}</button></form>{{/mayRemove}}
        </section>{{/rows}}
        {{> bottom}}
        """
}
