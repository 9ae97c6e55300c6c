// Small helpers to build a page by hand.

/** `make('button', { type: 'button', onclick }, 'Lift', child)`. */
export function make(name, values = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith('on') || key in { value: 1, htmlFor: 1, checked: 1, disabled: 1 }) element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** The style sheet of these pages, once. */
export function dress() {
  const href = new URL('./telephone.css', import.meta.url).href;
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return;
  if (document.querySelector(`link[href="${href}"]`)) return;
  document.head.append(make('link', { rel: 'stylesheet', href }));
}
