import { useData, withBase } from "vitepress";
import { defineComponent, h, onBeforeUnmount, ref, watch } from "vue";

/**
 * A story that runs in the page once somebody asks for it: the real client and, in the frame, the real server. Not by itself, since
 * a story that plays moves the focus, and the reader's place with it.
 */
export const StoryFrame = defineComponent({
  props: { id: { type: String, required: true }, caption: { type: String, required: true } },
  setup({ id, caption }) {
    const { isDark } = useData();
    const frame = ref<HTMLIFrameElement>();
    const address = ref<string>();
    const height = ref(360);
    let fit: ResizeObserver | undefined;
    const story = withBase(`/stories/iframe.html?id=${id}&viewMode=story`);

    const run = (): void => {
      address.value = `${story}&globals=theme:${isDark.value ? "dark" : "light"}`;
    };
    const follow = (): void => {
      const page = frame.value?.contentDocument;
      if (!page) return;
      fit?.disconnect();
      fit = new ResizeObserver(() => {
        height.value = Math.ceil(page.body.getBoundingClientRect().height);
      });
      fit.observe(page.body);
    };
    watch(isDark, () => {
      const page = frame.value?.contentDocument;
      if (page) page.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
    });
    onBeforeUnmount(() => fit?.disconnect());

    return () =>
      h("figure", { class: "story" }, [
        address.value === undefined
          ? h("button", { type: "button", onClick: run }, "Run it here")
          : h("iframe", {
              ref: frame,
              src: address.value,
              title: caption,
              style: { height: `${height.value}px` },
              onLoad: follow,
            }),
        h("figcaption", [`${caption}. `, h("a", { href: story, target: "_blank" }, "Open it alone")]),
      ]);
  },
});
