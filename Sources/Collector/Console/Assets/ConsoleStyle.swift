/// The console's look: one style sheet, no script, nothing from elsewhere.
enum ConsoleStyle {
    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5" fill="#0b6e6e"/><path fill="#fff" d="M12 4 4 11h2.2v8h4.3v-5.2h3V19h4.3v-8H20z"/></svg>
        """

    static let sheet = """
        :root{--page:#f3f6f8;--card:#fff;--ink:#16222e;--muted:#566473;--line:#d9e1e8;--accent:#0b6e6e;--on-accent:#fff;
        --order:#b3261e;--order-soft:#fbe6e4;--plan:#9a5b00;--plan-soft:#fdf0d9;--watch:#1c5fa8;--watch-soft:#e3eefa;
        --good:#1b7340;--good-soft:#e1f3e8;--unknown:#6a3f9c;--unknown-soft:#efe7f8;--quiet:#5a6876;--quiet-soft:#e9edf1}
        @media (prefers-color-scheme:dark){:root{--page:#10171e;--card:#19232d;--ink:#e8eef3;--muted:#9fb0bf;--line:#2b3947;
        --accent:#58c4c0;--on-accent:#06201f;--order:#ff9f95;--order-soft:#4a1a17;--plan:#ffc46b;--plan-soft:#43300c;
        --watch:#8ec2ff;--watch-soft:#173453;--good:#7fdba4;--good-soft:#143823;--unknown:#cfb0f5;--unknown-soft:#36234f;
        --quiet:#a9b8c6;--quiet-soft:#26323e}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif}
        a{color:var(--accent)}
        a:focus-visible,button:focus-visible,input:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
        .skip{position:absolute;left:-999em}.skip:focus{left:1em;top:.5em;background:var(--card);padding:.5em}
        .top{background:var(--card);border-bottom:1px solid var(--line)}
        .bar{max-width:72rem;margin:0 auto;padding:.6rem 1.25rem;display:flex;align-items:center;gap:.4rem 1.75rem;flex-wrap:wrap}
        .brand{display:flex;align-items:center;gap:.5rem;font-weight:700;font-size:1.1rem;color:var(--ink);text-decoration:none}
        .brand svg{width:1.5rem;height:1.5rem;fill:var(--accent)}
        nav{display:flex;flex-wrap:wrap;gap:.25rem}
        nav a{padding:.35rem .75rem;border-radius:.5rem;color:var(--muted);text-decoration:none;font-weight:500}
        nav a[aria-current]{background:var(--quiet-soft);color:var(--ink)}
        .tools{margin-left:auto;display:flex;align-items:center;gap:1rem}
        .languages a{color:var(--muted);text-decoration:none;padding:.2rem .3rem;font-size:.9rem}
        .languages a[aria-current]{color:var(--ink);font-weight:700}
        main{max-width:72rem;margin:0 auto;padding:1.25rem 1.25rem 4rem}
        h1{font-size:1.65rem;line-height:1.25;margin:.4rem 0 .8rem;overflow-wrap:anywhere}
        h2{font-size:1.15rem;margin:2rem 0 .7rem}
        h3{font-size:1rem;margin:0 0 .4rem;overflow-wrap:anywhere}
        small{font-weight:400;color:var(--muted);font-size:.85em}
        p{margin:.4rem 0}
        code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.9em;overflow-wrap:anywhere}
        .muted{color:var(--muted);font-size:.92rem}
        .path{color:var(--muted);font-size:.92rem;margin:0}
        .badge{display:inline-block;padding:.1rem .6rem;border-radius:1rem;font-size:.85rem;font-weight:600;white-space:nowrap;background:var(--quiet-soft);color:var(--quiet);vertical-align:middle}
        h1 .badge{font-size:.95rem}
        .badge.order{background:var(--order-soft);color:var(--order)}
        .badge.plan,.badge.silent{background:var(--plan-soft);color:var(--plan)}
        .badge.watch,.badge.inform,.badge.acknowledged,.badge.test{background:var(--watch-soft);color:var(--watch)}
        .badge.good{background:var(--good-soft);color:var(--good)}
        .badge.seen{background:none;border:1px solid var(--line);color:var(--muted)}
        .badge.unknown{background:var(--unknown-soft);color:var(--unknown)}
        .counts,.filters{display:flex;gap:.5rem;flex-wrap:wrap;margin-bottom:1rem}
        .filters a{padding:.3rem .9rem;border-radius:1rem;border:1px solid var(--line);background:var(--card);color:var(--ink);text-decoration:none}
        .filters a[aria-current]{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
        .cards{list-style:none;margin:0;padding:0;display:grid;gap:.9rem;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr))}
        .cards.wide{grid-template-columns:1fr}
        .card{background:var(--card);border:1px solid var(--line);border-left:.35rem solid var(--quiet);border-radius:.6rem;min-width:0}
        .card.order{border-left-color:var(--order)}.card.plan,.card.silent{border-left-color:var(--plan)}
        .card.watch,.card.inform,.card.test{border-left-color:var(--watch)}.card.good{border-left-color:var(--good)}.card.unknown{border-left-color:var(--unknown)}
        .card a,.card .body{display:flex;flex-direction:column;gap:.25rem;padding:.8rem 1rem;color:inherit;text-decoration:none;overflow-wrap:anywhere}
        .card a:hover strong{text-decoration:underline}
        .line{display:flex;justify-content:space-between;align-items:baseline;gap:.25rem .8rem;flex-wrap:wrap}
        .empty{background:var(--card);border:1px dashed var(--line);border-radius:.6rem;padding:1rem 1.2rem;color:var(--muted)}
        .alarm{background:var(--order-soft);color:var(--order);border-radius:.6rem;padding:.7rem 1rem;margin:0 0 1rem;overflow-wrap:anywhere}
        .notice{background:var(--watch-soft);color:var(--watch);border-radius:.6rem;padding:.7rem 1rem;margin:0 0 1rem}
        .warning{background:var(--plan-soft);color:var(--plan);border-radius:.5rem;padding:.6rem .9rem}
        .refusal{color:var(--order);overflow-wrap:anywhere}
        .facts{display:flex;flex-wrap:wrap;gap:.6rem 2.2rem;margin:.8rem 0}
        dt{color:var(--muted);font-size:.88rem}
        dd{margin:0;overflow-wrap:anywhere}
        .fields{margin:0}
        .fields>div{display:grid;grid-template-columns:minmax(7rem,35%) 1fr;gap:.8rem;padding:.35rem 0;border-top:1px solid var(--line)}
        .fields>div:first-child{border-top:0}
        .groups{display:grid;gap:.9rem;grid-template-columns:repeat(auto-fill,minmax(min(30rem,100%),1fr));align-items:start}
        .group{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1.1rem;min-width:0;margin-bottom:.9rem}
        .groups .group{margin:0}
        .group h2{margin:0 0 .5rem}
        .group h3{margin:1.3rem 0 .5rem}
        .plain{list-style:none;margin:0;padding:0}
        .columns{display:grid;gap:.9rem;grid-template-columns:minmax(0,3fr) minmax(0,2fr);align-items:start;margin-top:1rem}
        table{border-collapse:collapse;width:100%}
        th{text-align:left;font-weight:500}
        .readings th{font-size:.88rem;padding:.15rem .6rem .15rem 0;color:var(--muted)}
        .readings td{padding:.15rem 0}
        .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        .unread{color:var(--unknown);white-space:normal}
        .readings .spark{width:8.3rem;padding-left:.8rem}
        .spark svg{display:block;width:7.5rem;height:1.75rem}
        .spark path{fill:none;stroke:var(--accent);stroke-width:1.6;stroke-linejoin:round;vector-effect:non-scaling-stroke}
        .scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
        .group .scroll{border:0}
        .list .number{text-align:left}.list th{color:var(--muted);font-size:.88rem;padding:.5rem .9rem}
        .list td{padding:.5rem .9rem;border-top:1px solid var(--line);vertical-align:top}
        .group .list th:first-child,.group .list td:first-child{padding-left:0}
        .steps{list-style:none;margin:0;padding:0}
        .steps li{display:flex;flex-direction:column;padding:.5rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
        .steps li:first-child{border-top:0;padding-top:0}
        .steps.group{padding:.9rem 1.1rem}
        .choices{margin-top:.9rem}.steps.choices li{flex-direction:row;align-items:baseline;gap:.4rem 1rem;flex-wrap:wrap}.choices button{margin:0;flex:none;min-width:13rem}.choices span{flex:1 1 18rem}
        .steps time{font-size:.88rem;color:var(--muted)}
        .tasks{margin:0;padding-left:1.4rem}.tasks li{margin:0 0 .8rem;overflow-wrap:anywhere}.tasks li::marker{font-weight:700}
        .kinds{display:grid;gap:.6rem .9rem;grid-template-columns:repeat(auto-fill,minmax(min(30rem,100%),1fr));align-items:start}
        .kind{background:var(--card);border:1px solid var(--line);border-radius:.6rem;min-width:0}
        .kind summary{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .8rem;padding:.6rem 1rem;cursor:pointer}
        .kind summary::before{content:"▸";color:var(--muted)}.kind[open] summary::before{content:"▾"}
        .kind summary::-webkit-details-marker{display:none}
        .tally{display:flex;flex-wrap:wrap;gap:.3rem;margin-left:auto}
        .kind ul,.kind>p{margin:0;padding:.5rem 1rem}.kind ul{border-top:1px solid var(--line)}
        .kind .line>span:first-child{flex:1 1 12rem;min-width:0}
        form{margin:0}
        .forms form+form{margin-top:1.4rem;padding-top:1.2rem;border-top:1px solid var(--line)}
        label{display:block;font-size:.92rem;margin:.6rem 0 .2rem}
        input{width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .7rem}
        .ticks label{display:flex;align-items:baseline;gap:.6rem;margin:0;font-size:inherit}.ticks input{width:auto;flex:none}.ticks .line{flex:1}
        .ticks li>span{padding-left:1.7rem}
        button{font:inherit;font-weight:600;margin-top:.8rem;padding:.5rem 1.1rem;border:1px solid var(--accent);border-radius:.5rem;background:var(--accent);color:var(--on-accent);cursor:pointer}
        button.second{background:none;color:var(--accent)}
        button.quiet{margin:0;padding:.25rem .6rem;border:0;background:none;color:var(--muted);font-weight:500}
        .login{max-width:24rem;margin:3rem auto;background:var(--card);border:1px solid var(--line);border-radius:.8rem;padding:1.6rem 1.8rem}
        .login button{width:100%}
        @media (max-width:46rem){main{padding:1rem 1rem 3rem}.bar{padding:.6rem 1rem;gap:.4rem .75rem}nav{order:3;width:100%;margin:0 -.5rem}
        .columns{grid-template-columns:minmax(0,1fr)}.login{margin:1.2rem auto}h1{font-size:1.4rem}.readings .spark{width:5.6rem;padding-left:.6rem}.spark svg{width:5rem}
        .list th,.list td{padding:.45rem .6rem}}

        """
}
