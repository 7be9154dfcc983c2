import { useId } from "react";
import { cx } from "./cx.ts";

/** The look of everything that can be typed into. */
export const FIELD =
  "w-full rounded-control border border-line-strong bg-surface px-2 text-ink aria-invalid:border-danger disabled:opacity-50 md:text-control";

interface FieldText {
  label: string;
  /** Hides the label from view; it is still read out. */
  labelHidden?: boolean;
  /** One sentence under the field. */
  hint?: React.ReactNode;
  /** What is wrong and what to do; read out when it appears. */
  error?: string | null | undefined;
}

interface FieldFrameProps extends FieldText {
  id: string;
  className?: string | undefined;
  children: React.ReactNode;
}

/** Label above, control, then hint or error. The control must take `id` and `aria-describedby={`${id}-text`}`. */
export function FieldFrame(props: FieldFrameProps): React.JSX.Element {
  const { id, label, labelHidden = false, hint, error, className, children } = props;
  const wrong = error !== null && error !== undefined && error !== "";
  return (
    <div className={cx("flex min-w-0 flex-col gap-1", className)}>
      <label htmlFor={id} className={labelHidden ? "sr-only" : "text-ui font-medium text-ink-2"}>
        {label}
      </label>
      {children}
      <p
        id={`${id}-text`}
        role={wrong ? "alert" : undefined}
        className={cx("text-ui", wrong ? "text-danger" : "text-ink-3")}
      >
        {wrong ? error : hint}
      </p>
    </div>
  );
}

interface TextFieldProps extends FieldText, React.ComponentProps<"input"> {}

/** One line of text with its label. */
export function TextField(props: TextFieldProps): React.JSX.Element {
  const { label, labelHidden, hint, error, className, id, ...rest } = props;
  const made = useId();
  const own = id ?? made;
  const frame = { id: own, label, hint, error, className, ...(labelHidden === undefined ? {} : { labelHidden }) };
  return (
    <FieldFrame {...frame}>
      <input
        {...rest}
        id={own}
        aria-describedby={`${own}-text`}
        aria-invalid={error ? true : undefined}
        className={cx(FIELD, "h-8 coarse:h-11")}
      />
    </FieldFrame>
  );
}

interface TextAreaProps extends FieldText, React.ComponentProps<"textarea"> {}

/** Several lines of text with their label; grows with what is typed. */
export function TextArea(props: TextAreaProps): React.JSX.Element {
  const { label, labelHidden, hint, error, className, id, ...rest } = props;
  const made = useId();
  const own = id ?? made;
  const frame = { id: own, label, hint, error, className, ...(labelHidden === undefined ? {} : { labelHidden }) };
  return (
    <FieldFrame {...frame}>
      <textarea
        rows={3}
        {...rest}
        id={own}
        aria-describedby={`${own}-text`}
        aria-invalid={error ? true : undefined}
        className={cx(FIELD, "field-sizing-content max-h-96 min-h-16 py-1.5")}
      />
    </FieldFrame>
  );
}
