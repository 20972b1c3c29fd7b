/// What stands around every page, the login, and pages that show one message.
enum LayoutTemplates {
    static let top = """
        <!DOCTYPE html>
        <html lang="{{frame.lang}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        {{#frame.refresh}}<meta http-equiv="refresh" content="{{.}}">{{/frame.refresh}}
        <title>{{frame.title}} – Callhome</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/assets/console.css">
        </head>
        <body>
        <a class="skip" href="#content">{{w.skip}}</a>
        <header class="top">
        <div class="bar">
        <a class="brand" href="/"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3 3 11h2.5v9h5v-6h3v6h5v-9H21z"/></svg>Callhome</a>
        {{#frame.account}}<nav>
        <a href="/servers"{{#frame.onServers}} aria-current="page"{{/frame.onServers}}>{{w.servers}}</a>
        <a href="/cases"{{#frame.onCases}} aria-current="page"{{/frame.onCases}}>{{w.cases}}</a>
        <a href="/delivery"{{#frame.onDelivery}} aria-current="page"{{/frame.onDelivery}}>{{w.delivery}}</a>
        <a href="/patterns"{{#frame.onPatterns}} aria-current="page"{{/frame.onPatterns}}>{{w.patterns}}</a>
        </nav>{{/frame.account}}
        <div class="tools">
        <span class="languages"><a href="{{frame.german}}" hreflang="de"{{#frame.isGerman}} aria-current="true"{{/frame.isGerman}}>DE</a>
        <a href="{{frame.english}}" hreflang="en"{{^frame.isGerman}} aria-current="true"{{/frame.isGerman}}>EN</a></span>
        {{#frame.account}}<a class="muted" href="/accounts">{{.}}</a><form method="post" action="/logout"><input type="hidden" name="csrf" value="{{frame.csrf}}"><button class="quiet" title="{{.}}">{{w.logOut}}</button></form>{{/frame.account}}
        </div>
        </div>
        </header>
        <main id="content">
        {{#frame.alarms}}<div class="alarm" role="alert"><strong>{{text}}</strong> {{detail}}</div>{{/frame.alarms}}

        """

    static let bottom = """
        </main>
        </body>
        </html>

        """

    static let login = """
        {{> top}}
        <section class="login">
        <h1>{{w.logIn}}</h1>
        <p class="muted">{{w.tagline}}</p>
        {{#message}}<p class="refusal" role="alert">{{.}}</p>{{/message}}
        <form method="post" action="/login">
        <input type="hidden" name="csrf" value="{{frame.csrf}}">
        <label for="name">{{w.name}}</label>
        <input id="name" name="name" autocomplete="username" required autofocus maxlength="80">
        <label for="password">{{w.password}}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1000">
        <button>{{w.logIn}}</button>
        </form>
        </section>
        {{> bottom}}
        """

    static let message = """
        {{> top}}
        <section class="login">
        <h1>{{frame.title}}</h1>
        {{#message}}<p role="alert">{{.}}</p>{{/message}}
        {{#link}}<p><a href="{{.}}">{{w.back}}</a></p>{{/link}}
        </section>
        {{> bottom}}
        """
}
