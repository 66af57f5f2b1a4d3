// Goes on to the page that was built, which is told where its answer is awaited.
const page = new URL(new URL(location.href).searchParams.get('page')!);
page.searchParams.set('answer', new URL('/answer', location.href).href);
location.href = page.href;
