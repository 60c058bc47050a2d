/** A property of an element, its listener (`onclick`), or, for names with a dash, an attribute. */
type Props = Record<string, unknown>;
type Child = Node | string | null | undefined | false;

/** Makes an element. Texts become text nodes: nothing that a service says is ever read as HTML. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.includes('-') || name === 'role') element.setAttribute(name, String(value));
    else (element as unknown as Props)[name] = value;
  }
  element.append(
    ...children
      .flat()
      .filter((child): child is Node | string => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** The element of a page by its id. */
export function at<Type extends HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found as Type;
}
